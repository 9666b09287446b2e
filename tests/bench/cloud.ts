/** Speed of the laptop cloud: its Step Functions against aws-local-stepfunctions, its table against dynalite. */
import { type Bench } from './harness/bench.ts';
import { type Plan } from './harness/measure.ts';
import { chainCases } from './cloud/chain-cases.ts';
import { measureChain } from './cloud/measure-chain.ts';
import { measureWrites } from './cloud/measure-writes.ts';
import { writeCases } from './cloud/write-cases.ts';

/**
 * Both sides run in this process and keep its processor busy, so its processor time is the fair clock: what else the machine
 * does leaves the ratios alone. Waiting for a socket costs dynalite nothing by it. Many short rounds, half a minute in all on
 * two cores.
 */
const PLAN: Plan = { warmUpRounds: 1, rounds: 9, roundMs: 40, nowMs: processorTimeMs };
const STATES = 500;
const WRITES = 32;

export const bench: Bench = {
  name: 'cloud',
  title:
    'the laptop cloud against aws-local-stepfunctions and dynalite in one process, alternate rounds, medians; ' +
    "seconds are of the process's processor time",
  async run(progress) {
    const results = [];
    for (const chain of chainCases(STATES)) {
      progress(`${chain.case} ...`);
      results.push(await measureChain(chain, PLAN));
    }
    for (const writes of writeCases(WRITES)) {
      progress(`${writes.case} ...`);
      results.push(await measureWrites(writes, PLAN));
    }
    return results;
  },
};

/** Milliseconds that this process has used of its processors, in user and system mode. */
function processorTimeMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
