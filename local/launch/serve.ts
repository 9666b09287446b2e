/** `npm run cloud -- --port N [--speed S] [--seed N]`: the laptop cloud on a loopback port, with the system deployed into it. */
import { parseArgs } from 'node:util';
import { newPacer } from '../kernel/pacer.ts';
import { listen } from '../port.ts';
import { newCatalog } from '../../shared/catalog/catalog.ts';
import { MODEL, Operator } from './operator.ts';
import { currentTemplate } from './template.ts';
import { Traffic } from './traffic.ts';
import { openWorld, REGION } from './world.ts';

const DEFAULT_PORT = 4566;
const DEFAULT_SPEED = 60;
const PORT_MAX = 65_535;
const MS_PER_MINUTE = 60_000;

function fail(message: string): never {
  process.stderr.write(`${message}\nUsage: npm run cloud -- [--port N] [--speed S] [--seed N]\n`);
  process.exit(2);
}

function numberOption(name: string, text: string, valid: (value: number) => boolean, remedy: string): number {
  const value = Number(text);
  if (!valid(value)) fail(`--${name} '${text}': ${remedy}.`);
  return value;
}

function parse(): { port: number; speed: number; seed: number } {
  const text = (value: number) => ({ type: 'string' as const, default: String(value) });
  try {
    const { values } = parseArgs({ options: { port: text(DEFAULT_PORT), speed: text(DEFAULT_SPEED), seed: text(1) } });
    return {
      port: numberOption(
        'port',
        values.port,
        (value) => Number.isInteger(value) && value >= 0 && value <= PORT_MAX,
        'give a port, 0 to let the machine choose',
      ),
      speed: numberOption(
        'speed',
        values.speed,
        (value) => value > 0 && Number.isFinite(value),
        'give virtual seconds per second, above 0',
      ),
      seed: numberOption('seed', values.seed, Number.isSafeInteger, 'give a whole number'),
    };
  } catch (error) {
    fail((error as Error).message);
  }
}

const { port, speed, seed } = parse();
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const template = currentTemplate('dev', () => say('packaging the template ...'));
const world = await openWorld({ seed, startMs: Date.now(), template });
const { cloud } = world;
await cloud.kernel.settle(world.data.deliverSnapshot('first'));
world.data.startNightly(['better', 'refreshed']);
callWhenServed();
const { server, port: actualPort } = await listen(cloud.gateway, cloud.kernel.inFlight, port);
const pacer = newPacer(cloud.kernel, { virtualSecondsPerSecond: speed });

/** Callers come as soon as there is an endpoint to call, and stay. */
function callWhenServed(): void {
  const operator = new Operator(world);
  const { traffic: expected, rollout } = newCatalog().realTime(MODEL);
  const traffic = new Traffic(world, operator, expected.requestsPerMinute, rollout.guardrails.latency.limitMs);
  const look = async (): Promise<void> => {
    if ((await operator.endpoint())?.EndpointStatus === 'InService') traffic.start();
    else
      cloud.kernel.clock.after(MS_PER_MINUTE, 'look for an endpoint', () =>
        cloud.kernel.spawn('look for an endpoint', look),
      );
  };
  cloud.kernel.spawn('look for an endpoint', look);
}

const stop = (): void => {
  server.close();
  server.closeAllConnections();
  void pacer.stop().then(() => {
    world.close();
    process.exit(0);
  });
};
process.once('SIGINT', stop);
process.once('SIGTERM', stop);

say(`ready on http://127.0.0.1:${actualPort}`);
say(`region ${REGION}, any credentials, ${speed} virtual seconds a second. For instance:`);
say(`  aws --endpoint-url http://127.0.0.1:${actualPort} --region ${REGION} stepfunctions list-state-machines`);
await pacer.start();
