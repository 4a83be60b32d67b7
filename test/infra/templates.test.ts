// infra/ says three times the same, and says nothing that a secret could leak through. What Azure itself would say of it
// cannot be asked here: docs/deploy.md.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../../scripts/embedded-sources.mjs';
import { findFiles } from '../../src/cli/lint/files.js';
import { lintFiles } from '../../src/cli/lint/lint-files.js';
import { scanValue } from '../../src/settings/scan.js';
import { arm, guidsOf, literalsOf, resourcesOf, settingsOf, templates, textsOf } from './templates.js';

const [bicep, armTemplate, terraform] = templates as [
  (typeof templates)[0],
  (typeof templates)[0],
  (typeof templates)[0],
];

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
const ROLES = {
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb',
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6',
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
  'Key Vault Secrets Officer': 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
};

describe('the three languages agree', () => {
  const group = 'Microsoft.Resources/resourceGroups@2025-04-01';

  test('on resource types and API versions', () => {
    const wanted = [...resourcesOf(armTemplate), group].sort();
    expect(wanted.length).toBeGreaterThan(14);
    expect(resourcesOf(bicep)).toEqual(wanted);
    expect(resourcesOf(terraform)).toEqual(wanted);
  });

  test('on the roles, which are the documented ones', () => {
    for (const template of templates) expect(guidsOf(template), template.name).toEqual(Object.values(ROLES).sort());
  });

  test('on the names of app settings', () => {
    const names = settingsOf(armTemplate);
    expect(names).toContain('AzureWebJobsStorage__accountName');
    for (const template of templates) expect(settingsOf(template), template.name).toEqual(names);
  });

  test('on what may be chosen', () => {
    const chosen = [...armTemplate.parameters].sort();
    // The resource group, which they make themselves.
    expect([...bicep.parameters].sort()).toEqual([...chosen, 'environmentname'].sort());
    expect([...terraform.parameters].sort()).toEqual([...chosen, 'environmentname'].sort());
  });

  test('on every member that is written out', () => {
    // Each language has its own way with names, types, texts for people, and constants.
    const own =
      /^(name|type|apiVersion|contentVersion|required_version|version|source|default|defaultValue|count|description|displayName|error_message|SCM_\w+)=|[-\w]{36}$/;
    const members = (template: (typeof templates)[0]) =>
      [...literalsOf(template)].filter((one) => !own.test(one)).sort();
    const ofArm = members(armTemplate);
    expect(ofArm.length).toBeGreaterThan(35);
    const inExpressions = [...armTemplate.text.matchAll(/'(\w+)', '?([\w.]+)'?/g)].map(
      ([, key, value]) => `${key}=${value}`,
    );
    for (const template of [bicep, terraform]) {
      expect(
        ofArm.filter((one) => !literalsOf(template).has(one)),
        template.name,
      ).toEqual([]);
      expect(
        members(template).filter((one) => ![...ofArm, ...inExpressions].includes(one)),
        template.name,
      ).toEqual([]);
    }
  });
});

describe.each(templates)('$name', (template) => {
  const literals = literalsOf(template);
  const texts = textsOf(template);

  test('knows no key, no connection string with one, and no password', () => {
    expect(template.text).not.toMatch(
      /list(Keys|Secrets|Credentials|AccountSas|ServiceSas|ConnectionStrings)\b|AccountKey=|SharedAccess|primaryKey|InstrumentationKey|getSecret\(|securestring|@secure/i,
    );
    expect(template.text).not.toMatch(/primary_access_key|storage_account_access_key|azurerm_/);
    // The one setting of that name is of the platform's own storage, and holds a name.
    for (const name of settingsOf(template)) expect(name).not.toMatch(/^AzureWebJobsStorage$|^WEBSITE_CONTENT/);
  });

  test('makes no secret: values never pass through a deployment', () => {
    expect(resourcesOf(template).filter((type) => /vaults\/secrets@/i.test(type))).toEqual([]);
  });

  test.each([
    'enableRbacAuthorization=true',
    'enableSoftDelete=true',
    'softDeleteRetentionInDays=90',
    'enablePurgeProtection=true',
    'enabledForTemplateDeployment=false',
    'allowSharedKeyAccess=false',
    'allowBlobPublicAccess=false',
    'defaultToOAuthAuthentication=true',
    'minimumTlsVersion=TLS1_2',
    'publicAccess=None',
    'httpsOnly=true',
    'allow=false',
    'DisableLocalAuth=true',
    'disableLocalAuth=true',
    'category=AuditEvent',
    'logAnalyticsDestinationType=Dedicated',
  ])('%s', (member) => {
    expect([...literals]).toContain(member);
  });

  test('gives the app the right to read single secrets, and no role on the vault', () => {
    const places = {
      Bicep: /roleDefinitions', secretsUser\)[\s\S]*$/.exec(template.text) && /scope: secret\[i\]/.test(template.text),
      ARM: arm.resources
        .filter(({ properties }) => JSON.stringify(properties ?? {}).includes("variables('secretsUser')"))
        .every(({ scope }) => /^\[resourceId\('Microsoft\.KeyVault\/vaults\/secrets', /.test(scope ?? '')),
      Terraform: /parent_id = "\$\{azapi_resource\.vault\.id\}\/secrets\/\$\{each\.value\}"/.test(template.text),
    };
    expect(places[template.name]).toBeTruthy();
    // Once for the right, once for its name: used nowhere else.
    const uses = template.text.match(/secretsUser|secrets_user/g) ?? [];
    expect(uses).toHaveLength(3);
  });

  test('sends the three events of secrets to secretChanged', () => {
    for (const event of ['SecretNewVersionCreated', 'SecretNearExpiry', 'SecretExpired']) {
      expect(texts).toContain(`Microsoft.KeyVault.${event}`);
    }
    expect(template.text).toContain('/functions/secretChanged');
    expect(existsSync(path.join(root, 'functions/secretChanged.ts'))).toBe(true);
  });

  test('asks the audit log the same two questions', () => {
    const questions =
      template.text
        .replaceAll('\\', '')
        .match(/AZKVAuditLogs \|[^\n]*|\| where HttpStatusCode == \d+( and who !in~)?/g) ?? [];
    expect(questions).toHaveLength(3);
    expect(questions[0]).toMatch(
      /OperationName == "SecretGet" \| extend who = coalesce\(tostring\(Identity\.claim\.oid\)/,
    );
    expect(questions.slice(1)).toEqual(['| where HttpStatusCode == 403', '| where HttpStatusCode == 200 and who !in~']);
  });

  test('writes references that vaultstrap reads', () => {
    const references = template.text.match(/@(Microsoft\.)?KeyVault\([^)]*\)/g) ?? [];
    expect(references).toHaveLength(2);
    const filled = references.map((one) => one.replace(/\$?\{[^}]*\}/g, 'shop-1'));
    for (const one of filled) {
      const scan = scanValue(one);
      expect(scan, one).toMatchObject({ segments: [{ vault: 'shop-1', secret: 'shop-1' }] });
    }
  });
});

test('vaultstrap lint has nothing to say but that the platform shows what it resolves', async () => {
  const found = findFiles(['infra'], root);
  expect(found.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['bicep', 'terraform', 'template']));
  const { findings } = await lintFiles(found, root);
  expect(findings.filter(({ rule }) => rule !== 'platform-reference')).toEqual([]);
});

test('every resource of the ARM template depends on what it names', () => {
  const text = (resource: unknown) => JSON.stringify(resource);
  for (const resource of arm.resources as readonly { dependsOn?: readonly string[]; name?: string; type: string }[]) {
    const { dependsOn = [], ...rest } = resource;
    for (const id of ['vaultId', 'siteId', 'storageId', 'planId', 'workspaceId', 'insightsId']) {
      if (!text({ ...rest, name: '' }).includes(`variables('${id}')`)) continue;
      const isThere = dependsOn.some(
        (one) => one.includes(`variables('${id}')`) || one.includes('storageAccounts/blobServices/'),
      );
      expect(isThere, `${resource.type} ${resource.name} names ${id}`).toBe(true);
    }
  }
});

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

describe('docs/deploy.md', () => {
  const text = read('docs/deploy.md');

  test('speaks of settings, parameters, outputs and options that exist', () => {
    const parameters = read('infra/main.bicepparam');
    const settings = [...text.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name as string);
    expect(settings).toEqual(['APP_HOST', 'APP_IDENTITY', 'SECRET_EVENTS']);
    for (const name of settings) expect(parameters).toContain(`readEnvironmentVariable('${name}'`);
    for (const name of ['VAULT_NAME', 'APP_NAME', 'APP_URL']) {
      expect(text).toContain(name);
      for (const file of ['main', 'smoke']) expect(read(`infra/${file}.bicep`)).toContain(`output ${name} string`);
    }
    for (const name of ['platformSecrets', 'settings', 'actionGroupIds', 'nodeVersion', 'webSku']) {
      expect(text).toContain(`\`${name}\``);
      expect(Object.keys(arm.parameters)).toContain(name);
    }
    const smoke = /npm run smoke:azure -- (.*)/.exec(text)?.[1] ?? '';
    for (const option of smoke.match(/--[\w-]+/g) ?? [])
      expect(read('scripts/smoke-azure.mjs')).toContain(`  ${option} `);
  });

  test('says of every resource type what it is for', () => {
    for (const { type } of arm.resources) {
      const name = type.split('/').at(-1) as string;
      if (['blobServices', 'containers', 'basicPublishingCredentialsPolicies'].includes(name)) continue;
      expect(text, type).toMatch(new RegExp(`^\\|.*[\`/]${name}\`.*\\|`, 'm'));
    }
  });
});

describe('azd', () => {
  test('puts both packages together on this machine: what runs is what was built', () => {
    for (const file of ['azure.yaml', 'infra/smoke-app/azure.yaml'])
      expect(read(file)).toMatch(/^ {4}remoteBuild: false$/m);
    // azd runs `npm run build` behind that hook, so it may not take away what builds.
    expect(read('azure.yaml')).toMatch(/^ {4}dist: deploy$/m);
    expect(
      read('azure.yaml')
        .match(/^ +run: (.*)$/gm)
        ?.map((line) => line.trim()),
    ).toEqual(Array(2).fill('run: npm run deployable'));
  });

  test('leaves files out at the top only: in node_modules such names belong to packages', () => {
    for (const file of ['.funcignore', 'infra/smoke-app/.funcignore']) {
      const lines = read(file).trim().split('\n');
      expect(lines.length).toBeGreaterThan(2);
      for (const line of lines) expect(line, file).toMatch(/^\//);
      expect(lines.filter((line) => /^\/(dist|node_modules|host\.json|package\.json)/.test(line))).toEqual([]);
    }
    const ignored = read('.funcignore').split('\n');
    for (const { name } of readdirSync(root, { withFileTypes: true }).filter((one) => one.isDirectory())) {
      if (['dist', 'node_modules', '.git', '.github', '.vscode', '.ci'].includes(name)) continue;
      expect(ignored, `${name} would be deployed`).toContain(`/${name}/`);
    }
  });

  test('the site is the service that both name', () => {
    expect(bicep.text).toContain("'azd-service-name': 'app'");
    for (const file of ['azure.yaml', 'infra/smoke-app/azure.yaml'])
      expect(read(file)).toMatch(/^services:\n {2}app:$/m);
  });
});
