/** State transitions per second of a chain on both interpreters. */
import { type CaseResult } from '../harness/bench.ts';
import { measureRates, type Plan, type Side } from '../harness/measure.ts';
import { type ChainCase } from './chain-cases.ts';
import { newOwnSide, newPeerSide } from './chain-sides.ts';

const METRIC = 'transitionsPerSecond';
const OURS = 'switchyard';
const OURS_JSONPATH = 'switchyard-jsonpath';
const PEER = 'aws-local-stepfunctions';

/** A chain without JSONata must be as fast as the peer's, one with JSONata half as fast as the peer's JSONPath equivalent. */
const MIN_RATIO = { jsonPath: 1, jsonata: 0.5 };

/** @throws DifferentOutcome when output, transitions or history of a side are not what the chain asks for */
export async function measureChain(chain: ChainCase, plan: Plan): Promise<CaseResult> {
  const { jsonPath, jsonata, input, transitions } = chain;
  const peers: readonly Side[] = [
    ...(jsonata ? [newOwnSide(OURS_JSONPATH, jsonPath, input)] : []),
    newPeerSide(PEER, jsonPath, input),
  ];
  const rates = await measureRates({
    sides: [newOwnSide(OURS, jsonata ?? jsonPath, input), ...peers],
    units: transitions,
    expected: {
      output: chain.output,
      transitions,
      historyEvents: { entered: transitions, exited: transitions },
    },
    plan,
  });
  const minRatio = jsonata ? MIN_RATIO.jsonata : MIN_RATIO.jsonPath;
  return {
    case: chain.case,
    ours: { [METRIC]: rates.get(OURS)! },
    peers: Object.fromEntries(peers.map(({ name }) => [name, { [METRIC]: rates.get(name)! }])),
    // Our own JSONPath stands beside it for information: the goal is set against the peer's equivalent.
    goals: [{ peer: PEER, metric: METRIC, minRatio }],
  };
}
