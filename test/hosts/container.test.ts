// examples/container: what the image would run. There is no engine here, the image itself is not built.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { linkExample } from './support/example.js';

const example = linkExample('container');
const dockerfile = readFileSync(example.path('Dockerfile'), 'utf8').trimEnd().split('\n');
const instruction = (name: string) => dockerfile.filter((line) => line.startsWith(`${name} `));

test('the command of the image is npm start, which is run by another test', () => {
  const [program, ...args] = JSON.parse(instruction('CMD')[0]?.slice('CMD '.length) ?? '[]') as string[];
  expect([program, ...args].join(' ')).toBe(example.manifest.scripts?.['start']);
});

test('it runs as nobody in particular, and has every file that it needs', () => {
  const before = (name: string, then: string) =>
    dockerfile.findIndex((line) => line.startsWith(name)) < dockerfile.findIndex((line) => line.startsWith(then));
  expect(instruction('USER')).toEqual(['USER 1000']);
  expect(before('RUN npm ci', 'USER')).toBe(true);
  expect(instruction('COPY')).toEqual(['COPY package*.json ./', 'COPY server.js ./']);
});

test('the app of containerapp.yaml has an identity, its pointers in quotes, and the port of the image', () => {
  const yaml = readFileSync(example.path('containerapp.yaml'), 'utf8');
  expect(yaml).toMatch(/^identity:\n {2}type: SystemAssigned$/m);
  expect(yaml).toMatch(/^ +value: "@KeyVault\(VaultName=shop;SecretName=api-key\)"$/m);
  expect(yaml).not.toMatch(/: @/);
  const port = /targetPort: (\d+)/.exec(yaml)?.[1];
  expect(instruction('ENV').join(' ')).toContain(`PORT=${port}`);
  expect(instruction('EXPOSE')).toEqual([`EXPOSE ${port}`]);
});
