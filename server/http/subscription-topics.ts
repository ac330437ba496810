import { requireScope } from '../auth/scopes.ts';
import { subscriptionTopics, topicResource } from '../connectors/subscription-topics.ts';
import type { Handler } from './dispatch.ts';

/**
 * GET Basic/[id] of a topic, and Basic?code=SubscriptionTopic: what can be subscribed to, which is part of the software
 * and not of anybody's data (Subscriptions R5 Backport, components.html#subscription-topics-in-r4).
 */
export const subscriptionTopicHandler: Handler = ({ method, path: [type, id, ...rest], query }, context) => {
  if ((method !== 'GET' && method !== 'HEAD') || type !== 'Basic' || rest.length > 0) return null;
  const topic = subscriptionTopics.find((each) => each.id === id);
  const searched = id === undefined && /(^|\|)SubscriptionTopic$/.test(query.get('code') ?? '');
  if (topic === undefined && !searched) return null;
  requireScope(context.scopes, 'Basic', searched ? 's' : 'r');
  const found = topic === undefined ? subscriptionTopics : [topic];
  const entry = found.map((each) => ({
    fullUrl: `${context.baseUrl}/Basic/${each.id}`,
    resource: topicResource(each),
    search: { mode: 'match' },
  }));
  const body =
    topic === undefined
      ? { resourceType: 'Bundle', type: 'searchset', total: entry.length, entry }
      : topicResource(topic);
  return Promise.resolve({ status: 200, headers: {}, body });
};
