/** DynamoDB: an in-process table engine behind the JSON 1.0 wire shapes. See local/FEATURES.md for its scope. */
import { type CloudContext, type Service } from '../kernel/service.ts';
import { AccessRules } from './access.ts';
import { batchOperations } from './batch-operations.ts';
import { itemOperations } from './item-operations.ts';
import { partiqlOperations } from './partiql-operations.ts';
import { pageOperations } from './read-page.ts';
import { tableOperations } from './table-operations.ts';
import { TableRegistry } from './table-registry.ts';
import { RequestTokens } from './transaction.ts';
import { transactionOperations } from './transaction-operations.ts';

/**
 * Makes the DynamoDB of a cloud. All operations answer synchronously, reads are always consistent, indexes are up to
 * date at once. Items in answers are shared with the table and frozen: copy before changing one.
 */
export function newDynamoDb(cloud: CloudContext): Service {
  const registry = new TableRegistry(cloud);
  const tokens = new RequestTokens(cloud.kernel.clock);
  const rules = new AccessRules(registry);
  return {
    id: 'dynamodb',
    operations: {
      ...tableOperations(registry, cloud.kernel),
      ...itemOperations(registry),
      ...pageOperations(registry),
      ...batchOperations(registry),
      ...transactionOperations(registry, tokens),
      ...partiqlOperations(registry, tokens),
    },
    access: (operation, input) => rules.access(operation, input),
  };
}
