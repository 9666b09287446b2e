/** Callbacks with task tokens. */
import type { Operation, WireInput } from '../../kernel/service.ts';
import type { Store } from '../store.ts';
import { parseJson, requireText } from './input.ts';

export function callbackOperations(store: Store): Record<string, Operation> {
  return {
    SendTaskSuccess: (input) => {
      const outputText = requireText(input, 'output');
      parseJson(outputText, 'InvalidOutput', 'output');
      store.tokens.complete(token(input), { kind: 'success', outputText });
      return {};
    },
    SendTaskFailure: (input) => {
      const error = input['error'] as string | undefined;
      const cause = input['cause'] as string | undefined;
      store.tokens.complete(token(input), { kind: 'failure', error, cause });
      return {};
    },
    SendTaskHeartbeat: (input) => {
      store.tokens.heartbeat(token(input));
      return {};
    },
  };
}

const token = (input: WireInput): string => requireText(input, 'taskToken');
