'use strict';
// What code in the Functions Node worker can see of it, after Azure/azure-functions-nodejs-worker 3.x (startApp.ts,
// FunctionEnvironmentReloadHandler.ts, InvocationHandler.ts, setupCoreModule.ts): one process, without the host.
// Run as `node functions-worker.cjs plan.json --functions-uri x`; the plan says what the host would. What came of it
// goes to `probe()`, values included: console output is what the host would log.
const { existsSync, readFileSync } = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

/** @type {{ dir: string, main: string[], mode: 'normal' | 'specialized' | 'reloaded', settings: Record<string, string>,
 *   invoke: { name: string, data: object, waitMs?: number, waitFor?: string }[] }} */
const plan = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const probe = require(process.env.PROBE_MODULE);
const { PROBE_FILE, PROBE_MODULE, PATH } = process.env;

let app;
let defaultModel;
function resetApp() {
  app = { hooks: {}, functions: {}, model: defaultModel, locked: false, error: undefined };
}
resetApp();

class Disposable {
  #undo;
  constructor(undo) {
    this.#undo = undo;
  }
  dispose() {
    this.#undo?.();
    this.#undo = undefined;
  }
}

const core = {
  version: '3.9.1',
  hostVersion: '4.1037.0',
  Disposable,
  getProgrammingModel: () => app.model,
  log: () => {},
  setProgrammingModel(model) {
    defaultModel ??= model;
    app.model = model;
  },
  registerHook(name, callback) {
    app.hooks[name] ??= [];
    const hooks = app.hooks[name];
    hooks.push(callback);
    return new Disposable(() => hooks.includes(callback) && hooks.splice(hooks.indexOf(callback), 1));
  },
  registerFunction(metadata, callback) {
    if (app.locked) throw new Error('A function can only be registered during app startup.');
    if (metadata.name in app.functions)
      throw new Error(`A function with id "${metadata.name}" has already been registered.`);
    app.functions[metadata.name] = { metadata, callback };
    return new Disposable(() => delete app.functions[metadata.name]);
  },
};
const realRequire = Module.prototype.require;
Module.prototype.require = function (id) {
  return id === '@azure/functions-core' ? core : Reflect.apply(realRequire, this, [id]);
};

async function runHooks(name, context) {
  for (const hook of app.hooks[name] ?? []) await hook(context);
}

async function startApp() {
  const { type } = JSON.parse(readFileSync(path.join(plan.dir, 'package.json'), 'utf8'));
  for (const file of plan.main) {
    const full = path.join(plan.dir, file);
    try {
      if (file.endsWith('.mjs') || (type === 'module' && !file.endsWith('.cjs')))
        await import(pathToFileURL(full).href);
      else require(full);
    } catch (error) {
      error.message = `Worker was unable to load entry point "${file}": ${error.message}`;
      app.error = error;
      console.error(error.stack);
      break;
    }
  }
  await runHooks('appStart', { hookData: {}, functionAppDirectory: plan.dir });
}

/** The reload: every variable goes, the raw settings come; empty ones do not. */
function refill() {
  for (const name of Object.keys(process.env)) delete process.env[name];
  const full = Object.entries(plan.settings).filter(([, value]) => value !== '');
  Object.assign(process.env, Object.fromEntries(full), { PROBE_FILE, PROBE_MODULE, PATH });
}

async function answer(step, work) {
  const startedMs = performance.now();
  try {
    const more = await work();
    probe({ step, ok: true, ms: performance.now() - startedMs, ...more });
    return true;
  } catch (error) {
    probe({ step, ok: false, ms: performance.now() - startedMs, error: String(error?.message) });
    return false;
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the host sends next comes over a socket, some time later. */
const nextMessage = () => sleep(25);

async function invoke({ name, data, waitMs = 0, waitFor }) {
  await sleep(waitMs);
  while (waitFor && !existsSync(waitFor)) await sleep(20);
  const logs = [];
  await answer(`invoke ${name}`, async () => {
    const { metadata, callback } = app.functions[name];
    const [trigger] = Object.keys(metadata.bindings);
    const invocation = await app.model.getInvocationModel({
      invocationId: name,
      metadata: { ...metadata, bindings: Object.fromEntries(Object.entries(metadata.bindings)) },
      request: { invocationId: name, functionId: name, inputData: [{ name: trigger, data }], triggerMetadata: {} },
      log: (level, category, message) => category === 'user' && logs.push([level, message]),
    });
    const { context, inputs } = await invocation.getArguments();
    const hookContext = { hookData: {}, invocationContext: context, functionCallback: callback, inputs };
    await runHooks('preInvocation', hookContext);
    const result = await invocation.invokeFunction(context, hookContext.inputs, hookContext.functionCallback);
    await runHooks('postInvocation', { hookData: {}, invocationContext: context, inputs, result, error: null });
    const response = await invocation.getResponse(context, result);
    const { http, json } = response.returnValue ?? {};
    const body = http?.body?.bytes ? Buffer.from(http.body.bytes).toString() : http?.body?.string;
    return { logs, ...(http && { status: http.statusCode, headers: http.headers, body }), ...(json && { json }) };
  });
}

void (async () => {
  // The library that the worker ships, which the app's own copy takes the place of later.
  require('@azure/functions').setup?.();
  process.chdir(plan.dir);
  if (plan.mode === 'specialized') {
    await answer('init', async () => {});
    await nextMessage();
    resetApp();
    refill();
    await answer('reload', startApp);
  } else {
    await answer('init', startApp);
    await nextMessage();
    if (plan.mode === 'reloaded') refill();
  }
  await nextMessage();
  app.locked = true;
  await answer('metadata', async () => {
    if (Object.keys(app.functions).length > 0 && app.error) throw app.error;
    const bindings = ({ metadata }) => Object.values(metadata.bindings)[0];
    return { functions: Object.fromEntries(Object.entries(app.functions).map(([name, f]) => [name, bindings(f)])) };
  });
  for (const one of plan.invoke ?? []) await invoke(one);
  await answer('terminate', () => runHooks('appTerminate', { hookData: {} }));
  probe({ step: 'hooks', names: Object.keys(app.hooks).filter((name) => app.hooks[name].length > 0) });
  process.exit(0);
})();
