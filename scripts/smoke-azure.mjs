// `npm run smoke:azure`: what could not be verified without a live app. By hand, after `azd up` in infra/smoke-app (docs/deploy.md).
// Exit: 0 nothing failed, 1 a premise failed, 2 it could not be run. Prints no value and no token.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { askApp } from './smoke-azure/app.mjs';
import { azure, readDeployment, UsageError } from './smoke-azure/azure.mjs';
import { judge, judgeKudu, judgeOutage, median, outcome } from './smoke-azure/premises.mjs';

const USAGE = `npm run smoke:azure -- [options]
  --outage          also close the vault's network for some minutes, restart the app, and open it again
  --cold-start N    also restart the app N times with vaultstrap and N times without, and compare
  --patience S      seconds to wait for the app after each change (240)
  --url URL --key K ask an app that is there already; nothing is changed, az and azd are not needed`;

/** @param {import('./smoke-azure/premises.mjs').Outcome[]} outcomes */
function print(outcomes) {
  for (const { premise, verdict, detail } of outcomes) console.log(`${verdict.padEnd(7)}  ${premise}: ${detail}`);
  return outcomes;
}

async function main() {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      key: { type: 'string' },
      outage: { type: 'boolean', default: false },
      'cold-start': { type: 'string', default: '0' },
      patience: { type: 'string', default: '240' },
      help: { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values['cold-start']);
  if (!Number.isInteger(rounds) || rounds < 0 || rounds > 50)
    throw new UsageError('--cold-start: a number from 0 to 50.');
  const patienceMs = Number(values.patience) * 1000;
  if (!(patienceMs > 0)) throw new UsageError('--patience: a number of seconds.');
  if (values.help) return console.log(USAGE);
  if (values.url !== undefined || values.key !== undefined) {
    if (!values.url || !values.key || values.outage || rounds > 0)
      throw new UsageError('--url and --key go together, and alone.');
    return finish(print(judge((await askApp(values.url, values.key, { patienceMs })).facts)));
  }
  return finish(await onDeployment(values.outage, rounds, patienceMs));
}

/** @param {boolean} withOutage @param {number} rounds @param {number} patienceMs */
async function onDeployment(withOutage, rounds, patienceMs) {
  const deployment = readDeployment(path.join(path.dirname(fileURLToPath(import.meta.url)), '../infra/smoke-app'));
  const cloud = azure(deployment);
  cloud.signedIn();
  const { url } = deployment;
  const key = randomBytes(32).toString('hex');
  const ask = (after = 0) => askApp(url, key, { after, patienceMs });
  console.log(`Asking ${new URL(url).host}; its settings are changed for the time of the test.`);
  try {
    cloud.set({ SMOKE_KEY: key });
    const { facts } = await ask();
    const outcomes = print([...judge(facts), judgeKudu(cloud.kudu())]);
    if (withOutage) outcomes.push(...print(await outage(cloud, ask)));
    if (rounds > 0) outcomes.push(...print(await coldStart(cloud, ask, rounds)));
    return outcomes;
  } finally {
    cloud.unset('SMOKE_KEY');
  }
}

/** @param {ReturnType<typeof azure>} cloud @param {(after?: number) => ReturnType<typeof askApp>} ask */
async function outage(cloud, ask) {
  try {
    const { facts } = await ask();
    cloud.openVault(false);
    cloud.restart();
    return judgeOutage((await ask(facts.startedAt)).facts);
  } finally {
    cloud.openVault(true);
    cloud.restart();
  }
}

/** @param {ReturnType<typeof azure>} cloud @param {(after?: number) => ReturnType<typeof askApp>} ask @param {number} rounds */
async function coldStart(cloud, ask, rounds) {
  /** @param {'true' | 'false'} enabled */
  const measure = async (enabled) => {
    cloud.set({ VAULTSTRAP_ENABLED: enabled });
    const answers = [await ask()];
    for (let round = 0; round < rounds; round++) {
      cloud.restart();
      // By the app's own clock: a process that began after the one before.
      answers.push(await ask(answers.at(-1)?.facts.startedAt));
    }
    return answers.slice(1);
  };
  try {
    const [without, having] = [await measure('false'), await measure('true')];
    const first = (/** @type {typeof having} */ answers) =>
      Math.round(median(answers.map(({ firstAnswerMs }) => firstAnswerMs)));
    const ours = Math.round(median(having.map(({ facts }) => Number(facts.report?.durationMs))));
    const detail = `median of ${rounds}: first answer ${first(having)} ms with, ${first(without)} ms without; our own part ${ours} ms`;
    return [outcome('cold start is measured', Number.isFinite(ours), detail)];
  } finally {
    cloud.unset('VAULTSTRAP_ENABLED');
  }
}

/** @param {import('./smoke-azure/premises.mjs').Outcome[]} outcomes */
function finish(outcomes) {
  const count = (/** @type {string} */ verdict) => outcomes.filter((one) => one.verdict === verdict).length;
  console.log(`${count('pass')} hold, ${count('fail')} do not, ${count('unknown')} could not be told.`);
  if (count('fail') > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  // Our own words; a foreign error's could hold anything.
  const isOurs = error instanceof UsageError || /^The app at /.test(/** @type {Error} */ (error).message);
  console.error(isOurs ? /** @type {Error} */ (error).message : `${USAGE}\n(${/** @type {Error} */ (error).name})`);
  process.exitCode = 2;
}
