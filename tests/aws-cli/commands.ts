/** What the unmodified AWS CLI is asked to do, in order; later commands use what earlier ones made. */
import { join } from 'node:path';
import { ACCOUNT, REGION, role } from '../integration/protocols/case.ts';

export interface CliCommand {
  /** Words after `aws`. A word `@name` stands for a value that an earlier command kept. */
  readonly words: readonly string[];
  /** Dotted path in the JSON on stdout -> what must be there. */
  readonly answer?: Readonly<Record<string, string | number | boolean | RegExp>>;
  /** Text on stdout of commands that do not answer in JSON. */
  readonly text?: RegExp;
  /** The command must fail with AWS's exit code, and say this on stderr. */
  readonly fails?: RegExp;
  /** Name -> path in the answer. */
  readonly keeps?: Readonly<Record<string, string>>;
  /** Asks again, each real half second, until the answer holds: for what takes virtual time. */
  readonly waits?: true;
}

const json = (value: unknown): string => JSON.stringify(value);
const trust = (service: string): string =>
  json({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  });
const everything = json({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });
const split = (line: string): string[] => line.split(' ');
const IMAGE = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/server:1`;
const ARTIFACT = { S3DataSource: { S3Uri: 's3://models/v1/', S3DataType: 'S3Prefix', CompressionType: 'None' } };
const MACHINE = {
  QueryLanguage: 'JSONata',
  StartAt: 'Rest',
  States: {
    Rest: { Type: 'Wait', Seconds: 1, Next: 'Double' },
    Double: { Type: 'Pass', Output: { doubled: '{% $states.input.n * 2 %}' }, End: true },
  },
};

function identity(): CliCommand[] {
  return [
    { words: split('sts get-caller-identity'), answer: { Account: ACCOUNT, Arn: /:root$/ } },
    {
      words: [
        ...split('iam create-role --role-name worker --assume-role-policy-document'),
        trust('lambda.amazonaws.com'),
      ],
      answer: { 'Role.Arn': role('worker') },
    },
    { words: [...split('iam put-role-policy --role-name worker --policy-name all --policy-document'), everything] },
    {
      words: split('iam get-role-policy --role-name worker --policy-name all'),
      answer: { 'PolicyDocument.Statement.0.Action': '*' },
    },
    { words: split('iam get-role --role-name none'), fails: /\(NoSuchEntity\).*role with name none cannot be found/ },
    {
      words: split(`sts assume-role --role-arn ${role('worker')} --role-session-name cli`),
      answer: { 'Credentials.AccessKeyId': /^ASIA/, 'Credentials.Expiration': /^2026-/ },
    },
    { words: split('cloudformation list-stacks'), answer: { StackSummaries: /^$/ } },
    {
      words: split('cloudformation describe-stacks --stack-name none'),
      fails: /\(ValidationError\).*none does not exist/,
    },
  ];
}

function storage(directory: string): CliCommand[] {
  return [
    { words: split(`s3 mb s3://models --region ${REGION}`), text: /make_bucket: models/ },
    { words: ['s3', 'cp', join(directory, 'large file.bin'), 's3://models/v1/large file.bin'], text: /upload: / },
    { words: split('s3 ls s3://models/v1/ --human-readable'), text: /9\.0 MiB large file\.bin/ },
    { words: ['s3', 'cp', 's3://models/v1/large file.bin', join(directory, 'back.bin')], text: /download: / },
    {
      words: ['s3api', 'head-object', '--bucket', 'models', '--key', 'v1/large file.bin'],
      answer: { ContentLength: 9 * 1024 * 1024, ETag: /-2"$/, LastModified: /2026/ },
    },
    {
      words: split('s3api list-objects-v2 --bucket models --max-items 1'),
      answer: { 'Contents.0.Key': 'v1/large file.bin' },
    },
    { words: split('s3api get-object-tagging --bucket models --key none'), fails: /\(NoSuchKey\)/ },
    { words: split('s3 ls s3://none'), fails: /\(NoSuchBucket\).*The specified bucket does not exist/ },
    {
      words: [
        ...split('dynamodb create-table --table-name rollouts --billing-mode PAY_PER_REQUEST'),
        ...split('--attribute-definitions AttributeName=id,AttributeType=S --key-schema AttributeName=id,KeyType=HASH'),
      ],
      answer: { 'TableDescription.TableName': 'rollouts' },
    },
    {
      words: split('dynamodb describe-table --table-name rollouts'),
      answer: { 'Table.TableStatus': 'ACTIVE' },
      waits: true,
    },
    {
      words: [
        'dynamodb',
        'put-item',
        '--table-name',
        'rollouts',
        '--item',
        json({ id: { S: 'größe' }, n: { N: '1' } }),
      ],
    },
    {
      words: ['dynamodb', 'get-item', '--table-name', 'rollouts', '--key', json({ id: { S: 'größe' } })],
      answer: { 'Item.n.N': '1' },
    },
    {
      words: [
        ...['dynamodb', 'put-item', '--table-name', 'rollouts', '--item', json({ id: { S: 'größe' } })],
        ...['--condition-expression', 'attribute_not_exists(id)'],
      ],
      fails: /\(ConditionalCheckFailedException\).*The conditional request failed/,
    },
  ];
}

function settings(): CliCommand[] {
  return [
    { words: split('ssm put-parameter --name /switchyard/limit --type String --value 5'), answer: { Version: 1 } },
    {
      words: split('ssm get-parameter --name /switchyard/limit'),
      answer: { 'Parameter.Value': '5', 'Parameter.LastModifiedDate': /2026|1767/ },
    },
    { words: split('ssm get-parameter --name /none'), fails: /\(ParameterNotFound\)/ },
    { words: split('secretsmanager create-secret --name slack --secret-string hidden'), answer: { Name: 'slack' } },
    { words: split('secretsmanager get-secret-value --secret-id slack'), answer: { SecretString: 'hidden' } },
    { words: split('secretsmanager get-secret-value --secret-id none'), fails: /\(ResourceNotFoundException\)/ },
    {
      words: split('kms create-key --description audit'),
      answer: { 'KeyMetadata.Enabled': true },
      keeps: { key: 'KeyMetadata.KeyId' },
    },
    { words: split('kms generate-data-key --key-id @key --key-spec AES_256'), answer: { Plaintext: /^[\w+/]{43}=$/ } },
    { words: split('kms describe-key --key-id alias/none'), fails: /\(NotFoundException\)/ },
  ];
}

function messaging(): CliCommand[] {
  const topic = `arn:aws:sns:${REGION}:${ACCOUNT}:alerts`;
  const inbox = `arn:aws:sqs:${REGION}:${ACCOUNT}:inbox`;
  const policy = { Statement: [{ Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: inbox }] };
  return [
    {
      words: [
        ...split('sqs create-queue --queue-name inbox --attributes'),
        json({ Policy: json({ Version: '2012-10-17', ...policy }) }),
      ],
      answer: { QueueUrl: /\/inbox$/ },
      keeps: { inbox: 'QueueUrl' },
    },
    { words: split('sns create-topic --name alerts'), answer: { TopicArn: topic } },
    {
      words: split(
        `sns subscribe --topic-arn ${topic} --protocol sqs --notification-endpoint ${inbox} --attributes RawMessageDelivery=true`,
      ),
      answer: { SubscriptionArn: /alerts:/ },
    },
    { words: [...split(`sns publish --topic-arn ${topic} --message`), 'größe & <more>'], answer: { MessageId: /-/ } },
    {
      words: split('sqs receive-message --queue-url @inbox --wait-time-seconds 20 --visibility-timeout 43200'),
      answer: { 'Messages.0.Body': 'größe & <more>' },
    },
    {
      words: split('sns publish --topic-arn arn:aws:sns:eu-central-1:111122223333:none --message x'),
      fails: /\(NotFound\).*Topic does not exist/,
    },
    { words: split('sqs get-queue-url --queue-name none'), fails: /NonExistentQueue|QueueDoesNotExist/ },
    {
      words: ['events', 'put-rule', '--name', 'looks', '--event-pattern', json({ source: ['cli'] })],
      answer: { RuleArn: /rule\/looks$/ },
    },
    { words: split(`events put-targets --rule looks --targets Id=1,Arn=${inbox}`), answer: { FailedEntryCount: 0 } },
    {
      words: [
        'events',
        'put-events',
        '--entries',
        json([{ Source: 'cli', DetailType: 'Look Due', Detail: '{"n":1}' }]),
      ],
      answer: { FailedEntryCount: 0 },
    },
    {
      words: split('sqs receive-message --queue-url @inbox --wait-time-seconds 20'),
      answer: { 'Messages.0.Body': /"detail-type":"Look Due"/ },
    },
    {
      words: split('events describe-rule --name none'),
      fails: /\(ResourceNotFoundException\).*Rule none does not exist/,
    },
  ];
}

function compute(directory: string): CliCommand[] {
  const out = join(directory, 'answer.json');
  const lambda = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:look`;
  const target = json({ Arn: lambda, RoleArn: role('worker'), Input: '{}' });
  const machine = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:double`;
  return [
    {
      words: [
        ...split(
          `lambda create-function --function-name look --runtime nodejs22.x --handler main.handler --role ${role('worker')}`,
        ),
        ...['--zip-file', `fileb://${join(directory, 'code.zip')}`],
      ],
      answer: { FunctionArn: lambda },
    },
    {
      words: ['lambda', 'invoke', '--function-name', 'look', '--payload', '{"n":1}', out],
      answer: { StatusCode: 200, ExecutedVersion: '$LATEST' },
    },
    {
      words: split('lambda get-function --function-name none'),
      fails: /\(ResourceNotFoundException\).*Function not found/,
    },
    {
      words: [
        ...split('scheduler create-schedule --name dead-man --flexible-time-window Mode=OFF'),
        ...['--schedule-expression', 'at(2026-03-01T00:00:00)', '--target', target],
      ],
      answer: { ScheduleArn: /schedule\/default\/dead-man$/ },
    },
    { words: split('scheduler get-schedule --name dead-man'), answer: { State: 'ENABLED', CreationDate: /2026|1767/ } },
    { words: split('scheduler get-schedule --name none'), fails: /\(ResourceNotFoundException\)/ },
    {
      words: [
        ...split('iam create-role --role-name machine --assume-role-policy-document'),
        trust('states.amazonaws.com'),
      ],
    },
    {
      words: [
        ...split(`stepfunctions create-state-machine --name double --role-arn ${role('machine')} --definition`),
        json(MACHINE),
      ],
      answer: { stateMachineArn: machine },
    },
    {
      words: [...split(`stepfunctions start-execution --state-machine-arn ${machine} --name one --input`), '{"n":21}'],
      answer: { executionArn: /:double:one$/ },
      keeps: { execution: 'executionArn' },
    },
    {
      words: split('stepfunctions describe-execution --execution-arn @execution'),
      answer: { status: 'SUCCEEDED', output: '{"doubled":42}' },
      waits: true,
    },
    {
      words: split(`stepfunctions start-execution --state-machine-arn ${machine}-none`),
      fails: /\(StateMachineDoesNotExist\)/,
    },
  ];
}

function models(directory: string): CliCommand[] {
  const out = join(directory, 'prediction.jsonl');
  const variant = {
    VariantName: 'blue',
    ModelName: 'm1',
    InitialInstanceCount: 1,
    InitialVariantWeight: 1,
    InstanceType: 'ml.m5.large',
  };
  return [
    {
      words: [
        ...split('iam create-role --role-name models --assume-role-policy-document'),
        trust('sagemaker.amazonaws.com'),
      ],
    },
    { words: [...split('iam put-role-policy --role-name models --policy-name all --policy-document'), everything] },
    {
      words: [
        ...split(`sagemaker create-model --model-name m1 --execution-role-arn ${role('models')} --primary-container`),
        json({ Image: IMAGE, ModelDataSource: ARTIFACT }),
      ],
      answer: { ModelArn: /model\/m1$/ },
    },
    {
      words: [
        ...split('sagemaker create-endpoint-config --endpoint-config-name c1 --production-variants'),
        json([variant]),
      ],
      answer: { EndpointConfigArn: /c1$/ },
    },
    {
      words: split('sagemaker create-endpoint --endpoint-name demand --endpoint-config-name c1'),
      answer: { EndpointArn: /demand$/ },
    },
    {
      words: split('sagemaker describe-endpoint --endpoint-name demand'),
      answer: { EndpointStatus: 'InService', CreationTime: /2026|1767/, 'ProductionVariants.0.CurrentWeight': 1 },
      waits: true,
    },
    {
      words: [
        ...split(
          'sagemaker-runtime invoke-endpoint --endpoint-name demand --content-type application/jsonlines --body',
        ),
        '{"n":1}',
        out,
      ],
      answer: { InvokedProductionVariant: 'blue', ContentType: 'application/jsonlines' },
    },
    {
      words: split('sagemaker describe-endpoint --endpoint-name none'),
      fails: /\(ValidationException\).*Could not find endpoint/,
    },
  ];
}

function watching(): CliCommand[] {
  const group = '/aws/lambda/look';
  return [
    {
      words: ['logs', 'filter-log-events', '--log-group-name', group, '--filter-pattern', 'REPORT'],
      answer: { 'events.0.message': /^REPORT RequestId/ },
      waits: true,
    },
    { words: split('logs describe-log-streams --log-group-name none'), fails: /\(ResourceNotFoundException\)/ },
    {
      words: [
        'cloudwatch',
        'put-metric-data',
        '--namespace',
        'Cli',
        '--metric-data',
        json([{ MetricName: 'n', Value: 4, Unit: 'Count' }]),
      ],
    },
    {
      words: [
        ...split('cloudwatch get-metric-statistics --namespace Cli --metric-name n --period 60 --statistics Sum'),
        ...split('--start-time 2026-01-05T00:00:00Z --end-time 2026-01-06T00:00:00Z'),
      ],
      answer: { Label: 'n', 'Datapoints.0.Sum': 4, 'Datapoints.0.Timestamp': /2026|1767/ },
      waits: true,
    },
    {
      words: split(
        'cloudwatch put-metric-alarm --alarm-name many --namespace Cli --metric-name n --statistic Sum --period 60 --evaluation-periods 1 --threshold 9 --comparison-operator GreaterThanThreshold --no-actions-enabled',
      ),
    },
    {
      words: split('cloudwatch describe-alarms --alarm-names many'),
      answer: { 'MetricAlarms.0.Threshold': 9, 'MetricAlarms.0.ActionsEnabled': false },
    },
    {
      words: split('cloudwatch get-dashboard --dashboard-name none'),
      fails: /\((ResourceNotFound|DashboardNotFoundError)\)/,
    },
    {
      words: split(
        'cloudwatch get-insight-rule-report --rule-name x --start-time 2026-01-05 --end-time 2026-01-06 --period 60',
      ),
      fails: /UnsupportedFeature/,
    },
  ];
}

/** @param directory holds `large file.bin` (9 MiB) and `code.zip` */
export function commands(directory: string): readonly CliCommand[] {
  return [
    ...identity(),
    ...storage(directory),
    ...settings(),
    ...messaging(),
    ...compute(directory),
    ...models(directory),
    ...watching(),
  ];
}
