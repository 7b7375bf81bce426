import { PubsubSubscription } from '@cdktf/provider-google/lib/pubsub-subscription/index.js';
import { PubsubSubscriptionIamMember } from '@cdktf/provider-google/lib/pubsub-subscription-iam-member/index.js';
import { PubsubTopic } from '@cdktf/provider-google/lib/pubsub-topic/index.js';
import { PubsubTopicIamMember } from '@cdktf/provider-google/lib/pubsub-topic-iam-member/index.js';
import { ServiceAccount } from '@cdktf/provider-google/lib/service-account/index.js';
import { StorageBucketIamMember } from '@cdktf/provider-google/lib/storage-bucket-iam-member/index.js';
import { TerraformStack } from 'cdktf';
import type { Labels } from '../../cloud.ts';
import { accountDescription, labelMap, namesOf, ownPrefix } from '../names.ts';
import { type StackPlace, synthesise, type Synthesised } from './synth.ts';

export interface SignalsPlan extends StackPlace {
  labels: Labels;
  /** Google's own Pub/Sub account of the project is named after it. */
  projectNumber: string;
}

export const signalsStackName = 'signals';

/**
 * A Trainyard that is away finds them on its return; the spool in the bucket has them for longer. What lies here for more
 * than a day is billed, and is at most the log's cap. A topic keeps none: what it keeps is billed from the first minute on.
 */
const retention = '604800s';
/** A relay that restarts has all that it did not acknowledge delivered again, so few would not do. */
const deliveryAttempts = 100;

/** What a holder's machine speaks through, and the account that it is: nothing but its own bucket and topic. */
export function signalsStack(plan: SignalsPlan): Synthesised {
  const { labels, project, projectNumber } = plan;
  const names = namesOf(labels, labels.installationId, project);
  return synthesise(signalsStackName, names.bucket, plan, (app) => {
    const stack = new TerraformStack(app, signalsStackName);
    const common = { labels: labelMap(labels) };
    const topic = new PubsubTopic(stack, 'topic', {
      name: names.topic,
      ...common,
    });
    const dead = new PubsubTopic(stack, 'dead', {
      name: names.deadTopic,
      ...common,
    });
    const subscription = new PubsubSubscription(stack, 'subscription', {
      name: names.subscription,
      topic: topic.id,
      enableMessageOrdering: true,
      ackDeadlineSeconds: 60,
      messageRetentionDuration: retention,
      // Never by itself: a job may be quiet for longer than the month that is the rule.
      expirationPolicy: { ttl: '' },
      retryPolicy: { minimumBackoff: '0s', maximumBackoff: '10s' },
      deadLetterPolicy: { deadLetterTopic: dead.id, maxDeliveryAttempts: deliveryAttempts },
      ...common,
    });
    // Without one, a topic keeps nothing: what is given up would be lost, and nobody would know.
    new PubsubSubscription(stack, 'dead-subscription', {
      name: names.deadSubscription,
      topic: dead.id,
      ackDeadlineSeconds: 10,
      messageRetentionDuration: retention,
      expirationPolicy: { ttl: '' },
      ...common,
    });
    const account = new ServiceAccount(stack, 'account', {
      accountId: names.accountId,
      // Made right before: after making one itself, the provider sleeps for ten seconds, whatever Google says.
      createIgnoreAlreadyExists: true,
      displayName: `Trainyard ${labels.kind} ${labels.id}`,
      description: accountDescription(labels),
    });
    const pubsub = `serviceAccount:service-${projectNumber}@gcp-sa-pubsub.iam.gserviceaccount.com`;
    new PubsubTopicIamMember(stack, 'dead-letters', {
      topic: dead.id,
      role: 'roles/pubsub.publisher',
      member: pubsub,
    });
    new PubsubSubscriptionIamMember(stack, 'dead-letters-taken', {
      subscription: subscription.id,
      role: 'roles/pubsub.subscriber',
      member: pubsub,
    });
    new PubsubTopicIamMember(stack, 'speaks', {
      topic: topic.id,
      role: 'roles/pubsub.publisher',
      member: account.member,
    });
    new StorageBucketIamMember(stack, 'keeps', {
      bucket: names.bucket,
      role: 'roles/storage.objectAdmin',
      member: account.member,
      condition: {
        title: 'what is the job’s own'.replace('’', "'"),
        // Terraform's state lies in the same bucket, and no machine has any business with it.
        expression: `!resource.name.startsWith("projects/_/buckets/${names.bucket}/objects/${ownPrefix}")`,
      },
    });
    return stack;
  });
}
