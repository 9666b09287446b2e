/** A cloud with one service's story on it, and how its answers are held against the cases. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { type LaptopCloud } from '../../../local/cloud.ts';
import { type Gateway } from '../../../local/protocols/gateway.ts';
import { newRequestHandler } from '../../../local/protocols/request-handler.ts';
import { newSdkCaller, type SdkCaller } from '../../support/sdk-clients.ts';
import { type BareError } from './bare-answer.ts';
import { type Case, REGION, type Saved, type ServiceCases } from './case.ts';
import { check, keep } from './expectation.ts';
import { newEchoCloud } from './stories.ts';

export interface Stage {
  readonly story: ServiceCases;
  readonly cloud: LaptopCloud;
  readonly sdk: SdkCaller;
  readonly values: Saved;
  close(): void;
}

/** What a call came to: its output, or the error as its client shows it. */
export type Outcome = { readonly output: unknown } | { readonly error: BareError };

/** @param door what stands between the SDK and the cloud's gateway */
export async function setStage(
  story: ServiceCases,
  door: (gateway: Gateway) => Gateway = (gateway) => gateway,
): Promise<Stage> {
  const scratchDirectory = mkdtempSync(join(tmpdir(), 'protocols-'));
  const cloud = newEchoCloud(scratchDirectory);
  await story.prepare?.(cloud);
  const sdk = newSdkCaller(newRequestHandler(door(cloud.gateway)), REGION);
  // The first call of a process reads the SDK's shared configuration files: real time, which the virtual clock can't see.
  await sdk.call('sts', 'GetCallerIdentity', {});
  return {
    story,
    cloud,
    sdk,
    values: new Map(),
    close: () => {
      sdk.destroy();
      rmSync(scratchDirectory, { recursive: true, force: true });
    },
  };
}

/** S3's body is a stream; its text is what the cases look at. */
async function readBody(output: Record<string, unknown>): Promise<Record<string, unknown>> {
  const body = output['Body'] as { transformToString?: () => Promise<string> } | undefined;
  if (!body?.transformToString || body instanceof Uint8Array) return output;
  return { ...output, Body: await body.transformToString() };
}

/** What the SDK makes of the answer to a call. */
export async function askSdk({ sdk, story }: Stage, testCase: Case, input: object): Promise<Outcome> {
  try {
    const output = await sdk.call(testCase.service ?? story.service, testCase.operation, input);
    return { output: await readBody(output) };
  } catch (caught) {
    const error = caught as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
    const status = error.$metadata?.httpStatusCode;
    // Without a status it is no answer of the cloud's: a defect of the test or the client.
    if (status === undefined) throw error;
    return { error: { name: error.name, status, text: error.message } };
  }
}

/**
 * Plays one case: lets time pass, asks, and holds the outcome against what the case expects.
 * @param typed see `check`
 */
export async function play(stage: Stage, testCase: Case, typed: boolean, ask: () => Promise<Outcome>): Promise<void> {
  const { cloud, story, values } = stage;
  if (testCase.afterMs !== undefined) await cloud.kernel.runFor(testCase.afterMs);
  for (const [name, find] of Object.entries(story.found ?? {})) values.set(name, find(cloud));
  const outcome = await cloud.kernel.settle(ask());
  if (testCase.error) {
    const { name, code, status, message } = testCase.error;
    expect(outcome).toEqual({
      error: { name: typed ? name : (code ?? name), status, text: expect.stringMatching(message) },
    });
    return;
  }
  if ('error' in outcome) throw new Error(`${testCase.operation}: ${outcome.error.name} ${outcome.error.text}`);
  check(testCase, outcome.output, typed);
  keep(testCase, outcome.output, values);
}
