/** Speed of the laptop cloud: its Step Functions against aws-local-stepfunctions, its table against dynalite. */
import { type Bench } from './harness/bench.ts';
import { type Plan } from './harness/measure.ts';
import { chainCases } from './cloud/chain-cases.ts';
import { measureChain } from './cloud/measure-chain.ts';
import { measureWrites } from './cloud/measure-writes.ts';
import { writeCases } from './cloud/write-cases.ts';

/** Many short rounds, so that what else the machine does falls on all sides alike; half a minute in all on two idle cores. */
const PLAN: Plan = { warmUpRounds: 1, rounds: 11, roundMs: 40, nowMs: () => performance.now() };
const STATES = 500;
const WRITES = 32;

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
