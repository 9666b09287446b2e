/** IAM in the deployed system: a call that a role may not make is refused, as AWS would. What roles do use: tests/journeys. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Principal, rolePrincipal } from '../../local/kernel/service.ts';
import { Deployed, ENDPOINT } from '../support/deployed.ts';

const SETUP_MS = 60_000;
const ACCOUNT = '111122223333';
const ROLE_PREFIX = 'switchyard-dev-eu-central-1-';

let deployed: Deployed;

beforeAll(async () => {
  deployed = await Deployed.open();
}, SETUP_MS);
afterAll(() => deployed.close());

const as = (room: string): Principal => rolePrincipal(`arn:aws:iam::${ACCOUNT}:role/${ROLE_PREFIX}${room}`, room);

const INPUTS: Readonly<Record<string, object>> = {
  UpdateEndpointWeightsAndCapacities: {
    EndpointName: ENDPOINT,
    DesiredWeightsAndCapacities: [{ VariantName: 'blue', DesiredWeight: 1 }],
  },
  SendTaskSuccess: { taskToken: 'token', output: '{}' },
  DeleteEndpointConfig: { EndpointConfigName: `${ENDPOINT}-e1-first` },
  PutItem: { TableName: 'switchyard-dev-records', Item: { pk: { S: 'a' }, sk: { S: 'b' } } },
  UpdateModelPackage: {
    ModelPackageArn: `arn:aws:sagemaker:eu-central-1:${ACCOUNT}:model-package/${ENDPOINT}/1`,
    ModelApprovalStatus: 'Approved',
  },
};

describe('a role', () => {
  it.each([
    ['judge-rollout', 'sagemaker', 'UpdateEndpointWeightsAndCapacities'],
    ['stop-rollout', 'states', 'SendTaskSuccess'],
    ['add-challenger', 'sagemaker', 'DeleteEndpointConfig'],
    ['send-alert', 'dynamodb', 'PutItem'],
    ['request-retraining', 'sagemaker', 'UpdateModelPackage'],
  ])('%s may not call %s:%s, and is told so in the words of AWS', async (room, service, operation) => {
    const who = `arn:aws:sts::${ACCOUNT}:assumed-role/${ROLE_PREFIX}${room}/${room}`;
    await expect(deployed.call(service, operation, INPUTS[operation]!, as(room))).rejects.toMatchObject({
      code: expect.stringMatching(/^AccessDenied/),
      message: expect.stringContaining(
        `User: ${who} is not authorized to perform: ${service}:${operation} on resource: `,
      ),
    });
  });

  it('that the template does not have may do nothing', async () => {
    await expect(deployed.call('dynamodb', 'PutItem', INPUTS['PutItem']!, as('nobody'))).rejects.toMatchObject({
      code: expect.stringMatching(/^AccessDenied/),
    });
  });
});
