/** AWS SDK integrations: which service of the cloud answers, and which of its errors have a name of their own. */

export interface SdkService {
  /** The service's id in the laptop cloud. */
  readonly id: string;
  /** How errors and causes call the service (class names of the AWS SDK for Java 2, which Step Functions uses). */
  readonly prefix: string;
  /**
   * Errors that the service model declares, by their Java class names. Any other error code arrives as
   * `<prefix>.<prefix>Exception`: that is why SageMaker's ValidationException can't be caught by its name.
   */
  readonly exceptions: ReadonlySet<string>;
  /** Members begin with a lower-case letter on the wire, but with a capital in Arguments and results. */
  readonly camelCaseMembers?: boolean;
}

const names = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).map((name) => `${name}Exception`));

/** By the service name in `arn:aws:states:::aws-sdk:<name>:<action>`. Exceptions are listed without their suffix. */
export const SDK_SERVICES: Readonly<Record<string, SdkService>> = {
  sagemaker: {
    id: 'sagemaker',
    prefix: 'SageMaker',
    exceptions: names(`Conflict ResourceInUse ResourceLimitExceeded ResourceNotFound`),
  },
  sagemakerruntime: {
    id: 'sagemaker',
    prefix: 'SageMakerRuntime',
    exceptions:
      names(`InternalDependency InternalFailure InternalStreamFailure ModelError ModelNotReady ModelStreamError
      ServiceUnavailable ValidationError`),
  },
  dynamodb: {
    id: 'dynamodb',
    prefix: 'DynamoDb',
    exceptions: names(`BackupInUse BackupNotFound ConditionalCheckFailed ContinuousBackupsUnavailable DuplicateItem
      ExportConflict ExportNotFound GlobalTableAlreadyExists GlobalTableNotFound IdempotentParameterMismatch
      ImportConflict ImportNotFound IndexNotFound InternalServerError InvalidExportTime InvalidRestoreTime
      ItemCollectionSizeLimitExceeded LimitExceeded PointInTimeRecoveryUnavailable PolicyNotFound
      ProvisionedThroughputExceeded ReplicaAlreadyExists ReplicaNotFound ReplicatedWriteConflict
      RequestLimitExceeded ResourceInUse ResourceNotFound TableAlreadyExists TableInUse TableNotFound
      Throttling TransactionCanceled TransactionConflict TransactionInProgress`),
  },
  s3: {
    id: 's3',
    prefix: 'S3',
    exceptions: names(`AccessDenied BucketAlreadyExists BucketAlreadyOwnedByYou EncryptionTypeMismatch
      IdempotencyParameterMismatch InvalidObjectState InvalidRequest InvalidWriteOffset NoSuchBucket NoSuchKey
      NoSuchUpload ObjectAlreadyInActiveTierError ObjectNotInActiveTierError TooManyParts`),
  },
  sns: {
    id: 'sns',
    prefix: 'Sns',
    exceptions:
      names(`AuthorizationError BatchEntryIdsNotDistinct BatchRequestTooLong ConcurrentAccess EmptyBatchRequest
      EndpointDisabled FilterPolicyLimitExceeded InternalError InvalidBatchEntryId InvalidParameter
      InvalidParameterValue InvalidSecurity InvalidState KMSAccessDenied KMSDisabled KMSInvalidState
      KMSNotFound KMSOptInRequired KMSThrottling NotFound OptedOut PlatformApplicationDisabled
      ReplayLimitExceeded ResourceNotFound StaleTag SubscriptionLimitExceeded TagLimitExceeded TagPolicy
      Throttled TooManyEntriesInBatchRequest TopicLimitExceeded UserError Validation Verification`),
  },
  sqs: {
    id: 'sqs',
    prefix: 'Sqs',
    exceptions:
      names(`BatchEntryIdsNotDistinct BatchRequestTooLong EmptyBatchRequest InvalidAddress InvalidAttributeName
      InvalidAttributeValue InvalidBatchEntryId InvalidIdFormat InvalidMessageContents InvalidSecurity
      KmsAccessDenied KmsDisabled KmsInvalidKeyUsage KmsInvalidState KmsNotFound KmsOptInRequired KmsThrottled
      MessageNotInflight OverLimit PurgeQueueInProgress QueueDeletedRecently QueueDoesNotExist QueueNameExists
      ReceiptHandleIsInvalid RequestThrottled ResourceNotFound TooManyEntriesInBatchRequest
      UnsupportedOperation`),
  },
  eventbridge: {
    id: 'events',
    prefix: 'EventBridge',
    exceptions: names(`AccessDenied ConcurrentModification IllegalStatus Internal InvalidEventPattern InvalidState
      LimitExceeded ManagedRule OperationDisabled PolicyLengthExceeded ResourceAlreadyExists ResourceNotFound
      Throttling`),
  },
  cloudwatch: {
    id: 'monitoring',
    prefix: 'CloudWatch',
    exceptions: names(`ConcurrentModification Conflict DashboardInvalidInputError DashboardNotFoundError InternalService
      InvalidFormat InvalidNextToken InvalidParameterCombination InvalidParameterValue LimitExceeded
      MissingRequiredParameter ResourceNotFound`),
  },
  cloudwatchlogs: {
    id: 'logs',
    prefix: 'CloudWatchLogs',
    exceptions: names(`AccessDenied Conflict DataAlreadyAccepted InternalServer InvalidOperation InvalidParameter
      InvalidSequenceToken LimitExceeded MalformedQuery OperationAborted ResourceAlreadyExists
      ResourceNotFound ServiceQuotaExceeded ServiceUnavailable Throttling TooManyTags UnrecognizedClient
      Validation`),
    camelCaseMembers: true,
  },
  sfn: {
    id: 'states',
    prefix: 'Sfn',
    exceptions:
      names(`ActivityAlreadyExists ActivityDoesNotExist ActivityLimitExceeded ActivityWorkerLimitExceeded Conflict
      ExecutionAlreadyExists ExecutionDoesNotExist ExecutionLimitExceeded ExecutionNotRedrivable InvalidArn
      InvalidDefinition InvalidEncryptionConfiguration InvalidExecutionInput InvalidLoggingConfiguration
      InvalidName InvalidOutput InvalidToken InvalidTracingConfiguration KmsAccessDenied KmsInvalidState
      KmsThrottling MissingRequiredParameter ResourceNotFound ServiceQuotaExceeded StateMachineAlreadyExists
      StateMachineDeleting StateMachineDoesNotExist StateMachineLimitExceeded StateMachineTypeNotSupported
      TaskDoesNotExist TaskTimedOut TooManyTags Validation`),
    camelCaseMembers: true,
  },
  scheduler: {
    id: 'scheduler',
    prefix: 'Scheduler',
    exceptions: names(`Conflict InternalServer ResourceNotFound ServiceQuotaExceeded Throttling Validation`),
  },
  lambda: {
    id: 'lambda',
    prefix: 'Lambda',
    exceptions: names(`CallbackTimeout CapacityProviderLimitExceeded CodeSigningConfigNotFound CodeStorageExceeded
      CodeVerificationFailed DurableExecutionAlreadyStarted EC2AccessDenied EC2Throttled EC2Unexpected EFSIO
      EFSMountConnectivity EFSMountFailure EFSMountTimeout ENILimitReached
      FunctionVersionsPerCapacityProviderLimitExceeded InvalidCodeSignature InvalidParameterValue
      InvalidRequestContent InvalidRuntime InvalidSecurityGroupID InvalidSubnetID InvalidZipFile
      KMSAccessDenied KMSDisabled KMSInvalidState KMSNotFound NoPublishedVersion PolicyLengthExceeded
      PreconditionFailed ProvisionedConcurrencyConfigNotFound RecursiveInvocation RequestTooLarge
      ResourceConflict ResourceInUse ResourceNotFound ResourceNotReady S3FilesMountConnectivity
      S3FilesMountFailure S3FilesMountTimeout SerializedRequestEntityTooLarge Service SnapStart
      SnapStartNotReady SnapStartTimeout SubnetIPAddressLimitReached TooManyRequests UnsupportedMediaType`),
  },
  ssm: {
    id: 'ssm',
    prefix: 'Ssm',
    exceptions:
      names(`HierarchyLevelLimitExceeded InternalServerError InvalidFilterValue InvalidKeyId ParameterAlreadyExists
      ParameterLimitExceeded ParameterMaxVersionLimitExceeded ParameterNotFound ParameterPatternMismatch
      ParameterVersionLabelLimitExceeded ParameterVersionNotFound TooManyUpdates`),
  },
  secretsmanager: {
    id: 'secretsmanager',
    prefix: 'SecretsManager',
    exceptions: names(`DecryptionFailure EncryptionFailure InternalServiceError InvalidNextToken InvalidParameter
      InvalidRequest LimitExceeded MalformedPolicyDocument PreconditionNotMet PublicPolicy ResourceExists
      ResourceNotFound`),
  },
  kms: {
    id: 'kms',
    prefix: 'Kms',
    exceptions: names(`AlreadyExists CloudHsmClusterInUse CloudHsmClusterInvalidConfiguration CloudHsmClusterNotActive
      CloudHsmClusterNotFound CloudHsmClusterNotRelated Conflict CustomKeyStoreHasCMKs
      CustomKeyStoreInvalidState CustomKeyStoreNameInUse CustomKeyStoreNotFound DependencyTimeout Disabled
      DryRunOperation ExpiredImportToken IncorrectKey IncorrectKeyMaterial IncorrectTrustAnchor
      InvalidAliasName InvalidArn InvalidCiphertext InvalidGrantId InvalidGrantToken InvalidImportToken
      InvalidKeyUsage InvalidMarker KMSInternal KMSInvalidMac KMSInvalidSignature KMSInvalidState
      KeyUnavailable LimitExceeded MalformedPolicyDocument NotFound Tag UnsupportedOperation
      XksKeyAlreadyInUse XksKeyInvalidConfiguration XksKeyNotFound XksProxyIncorrectAuthenticationCredential
      XksProxyInvalidConfiguration XksProxyInvalidResponse XksProxyUriEndpointInUse XksProxyUriInUse
      XksProxyUriUnreachable XksProxyVpcEndpointServiceInUse XksProxyVpcEndpointServiceInvalidConfiguration
      XksProxyVpcEndpointServiceNotFound`),
  },
  sts: {
    id: 'sts',
    prefix: 'Sts',
    exceptions:
      names(`ExpiredToken ExpiredTradeInToken IDPCommunicationError IDPRejectedClaim InvalidAuthorizationMessage
      InvalidIdentityToken JWTPayloadSizeExceeded MalformedPolicyDocument
      OutboundWebIdentityFederationDisabled PackedPolicyTooLarge RegionDisabled SessionDurationEscalation`),
  },
};
