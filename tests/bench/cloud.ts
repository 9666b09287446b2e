/** Speed of the laptop cloud: its Step Functions against aws-local-stepfunctions, its table against dynalite. */
import { type Bench } from './harness/bench.ts';
import { type Plan } from './harness/measure.ts';
import { chainCases } from './cloud/chain-cases.ts';
import { measureChain } from './cloud/measure-chain.ts';
import { measureWrites } from './cloud/measure-writes.ts';
import { writeCases } from './cloud/write-cases.ts';

/** Long enough for steady medians, and below a minute in all on two cores. */
const PLAN: Plan = { warmUpRounds: 1, rounds: 7, roundMs: 60, nowMs: () => performance.now() };
const STATES = 500;
const WRITES = 50;

export const bench: Bench = {
  name: 'cloud',
  title: 'the laptop cloud against aws-local-stepfunctions and dynalite, in one process, in alternate rounds',
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
