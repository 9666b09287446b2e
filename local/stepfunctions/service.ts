/** Step Functions: Standard workflows in virtual time, with AWS's history, errors and task tokens. */
import type { CloudContext, Service } from '../kernel/service.ts';
import { stepFunctionsAccess } from './api/access.ts';
import { callbackOperations } from './api/callbacks.ts';
import { executionOperations } from './api/executions.ts';
import { machineOperations } from './api/machines.ts';
import { mapRunOperations } from './api/map-runs.ts';
import { testStateOperations } from './api/test-state.ts';
import { Store } from './store.ts';

export interface StepFunctionsService extends Service {
  /**
   * State transitions of an execution so far (StateEntered events, which AWS bills), without those of child executions.
   * Undefined when there is no such execution.
   */
  transitions(executionArn: string): number | undefined;
}

export function newStepFunctions(cloud: CloudContext): StepFunctionsService {
  const store = new Store(cloud);
  return {
    id: 'states',
    operations: {
      ...machineOperations(store),
      ...executionOperations(store),
      ...callbackOperations(store),
      ...mapRunOperations(store),
      ...testStateOperations(store),
    },
    access: (operation, input) => stepFunctionsAccess(operation, input, (name) => store.arn('stateMachine', name)),
    transitions: (executionArn) => store.executions.get(executionArn)?.execution.transitions,
  };
}
