package main

import (
	"context"
	"maps"
	"net/url"
	"strings"
)

type topic struct {
	Name                     string            `json:"name,omitempty"`
	Labels                   map[string]string `json:"labels,omitempty"`
	MessageRetentionDuration string            `json:"messageRetentionDuration,omitempty"`
	KmsKeyName               string            `json:"kmsKeyName,omitempty"`
}

func pubsubTopic() kind {
	path := func(a *api, one object) string {
		return "projects/" + a.projectOf(one) + "/topics/" + lastPart(one.text("name"))
	}
	wanted := func(a *api, planned object) topic {
		return topic{
			Labels:                   a.effectiveLabels(planned),
			MessageRetentionDuration: planned.text("message_retention_duration"),
			KmsKeyName:               planned.text("kms_key_name"),
		}
	}
	read := func(ctx context.Context, a *api, one object) (object, error) {
		got, err := call[topic](ctx, a, "GET", "pubsub", path(a, one), nil)
		if err != nil {
			return nil, err
		}
		found := object{
			"id": path(a, one), "project": a.projectOf(one), "name": lastPart(got.Name),
			"message_retention_duration": sameSeconds(one.text("message_retention_duration"), got.MessageRetentionDuration),
			"kms_key_name":               got.KmsKeyName,
		}
		maps.Copy(found, labelsFound(one, got.Labels))
		return found, nil
	}
	return kind{
		name: "pubsub_topic", title: "Topic", timeouts: []string{"create", "update", "delete"},
		attributes: withProject(withLabels(attributes{
			"name":                       text(required | fixed),
			"kms_key_name":               text(optional),
			"message_retention_duration": text(optional),
		})),
		create: func(ctx context.Context, a *api, planned object) (object, error) {
			if _, err := call[topic](ctx, a, "PUT", "pubsub", path(a, planned), wanted(a, planned)); err != nil {
				return nil, err
			}
			return read(ctx, a, planned)
		},
		read: read,
		update: func(ctx context.Context, a *api, _, planned object) (object, error) {
			body := object{"topic": wanted(a, planned), "updateMask": "labels,messageRetentionDuration"}
			target := path(a, planned) + "?updateMask=" + url.QueryEscape("labels,messageRetentionDuration")
			if _, err := call[topic](ctx, a, "PATCH", "pubsub", target, body); err != nil {
				return nil, err
			}
			return read(ctx, a, planned)
		},
		remove: func(ctx context.Context, a *api, state object) error {
			_, err := call[object](ctx, a, "DELETE", "pubsub", path(a, state), nil)
			return err
		},
	}
}

type subscription struct {
	Name                      string            `json:"name,omitempty"`
	Topic                     string            `json:"topic,omitempty"`
	Labels                    map[string]string `json:"labels,omitempty"`
	AckDeadlineSeconds        int64             `json:"ackDeadlineSeconds,omitempty"`
	EnableMessageOrdering     bool              `json:"enableMessageOrdering,omitempty"`
	EnableExactlyOnceDelivery bool              `json:"enableExactlyOnceDelivery,omitempty"`
	RetainAckedMessages       bool              `json:"retainAckedMessages,omitempty"`
	MessageRetentionDuration  string            `json:"messageRetentionDuration,omitempty"`
	Filter                    string            `json:"filter,omitempty"`
	// Present without a time to live: it never expires.
	ExpirationPolicy *struct {
		Ttl string `json:"ttl,omitempty"`
	} `json:"expirationPolicy,omitempty"`
	RetryPolicy *struct {
		MinimumBackoff string `json:"minimumBackoff,omitempty"`
		MaximumBackoff string `json:"maximumBackoff,omitempty"`
	} `json:"retryPolicy,omitempty"`
	DeadLetterPolicy *struct {
		DeadLetterTopic     string `json:"deadLetterTopic,omitempty"`
		MaxDeliveryAttempts int64  `json:"maxDeliveryAttempts,omitempty"`
	} `json:"deadLetterPolicy,omitempty"`
}

const subscriptionMask = "ackDeadlineSeconds,deadLetterPolicy,enableExactlyOnceDelivery,expirationPolicy,labels," +
	"messageRetentionDuration,retainAckedMessages,retryPolicy"

func pubsubSubscription() kind {
	path := func(a *api, one object) string {
		return "projects/" + a.projectOf(one) + "/subscriptions/" + lastPart(one.text("name"))
	}
	read := func(ctx context.Context, a *api, one object) (object, error) {
		got, err := call[subscription](ctx, a, "GET", "pubsub", path(a, one), nil)
		if err != nil {
			return nil, err
		}
		found := subscriptionFound(one, got)
		found["id"], found["project"] = path(a, one), a.projectOf(one)
		return found, nil
	}
	return kind{
		name: "pubsub_subscription", title: "Subscription", timeouts: []string{"create", "update", "delete"},
		attributes: withProject(withLabels(attributes{
			"name":                         text(required | fixed),
			"topic":                        text(required | fixed),
			"ack_deadline_seconds":         number(optional | computed | kept),
			"enable_exactly_once_delivery": flag(optional),
			"enable_message_ordering":      flag(optional | fixed),
			"filter":                       text(optional | fixed),
			"message_retention_duration":   textOr("604800s", 0),
			"retain_acked_messages":        flag(optional),
		})),
		blocks: blocks{
			"expiration_policy": block(0, attributes{"ttl": text(required)}),
			"retry_policy": block(0, attributes{
				"maximum_backoff": text(optional | computed | kept),
				"minimum_backoff": text(optional | computed | kept),
			}),
			"dead_letter_policy": block(0, attributes{
				"dead_letter_topic":     text(optional),
				"max_delivery_attempts": number(optional),
			}),
		},
		create: func(ctx context.Context, a *api, planned object) (object, error) {
			if _, err := call[subscription](ctx, a, "PUT", "pubsub", path(a, planned), subscriptionWanted(a, planned)); err != nil {
				return nil, err
			}
			return read(ctx, a, planned)
		},
		read: read,
		update: func(ctx context.Context, a *api, _, planned object) (object, error) {
			wanted := subscriptionWanted(a, planned)
			wanted.Topic, wanted.Filter, wanted.EnableMessageOrdering = "", "", false
			target := path(a, planned) + "?updateMask=" + url.QueryEscape(subscriptionMask)
			body := object{"subscription": wanted, "updateMask": subscriptionMask}
			if _, err := call[subscription](ctx, a, "PATCH", "pubsub", target, body); err != nil {
				return nil, err
			}
			return read(ctx, a, planned)
		},
		remove: func(ctx context.Context, a *api, state object) error {
			_, err := call[object](ctx, a, "DELETE", "pubsub", path(a, state), nil)
			return err
		},
	}
}

func subscriptionWanted(a *api, planned object) subscription {
	wanted := subscription{
		Topic:                     topicPath(a, planned),
		Labels:                    a.effectiveLabels(planned),
		AckDeadlineSeconds:        planned.number("ack_deadline_seconds"),
		EnableMessageOrdering:     planned.flag("enable_message_ordering"),
		EnableExactlyOnceDelivery: planned.flag("enable_exactly_once_delivery"),
		RetainAckedMessages:       planned.flag("retain_acked_messages"),
		MessageRetentionDuration:  planned.text("message_retention_duration"),
		Filter:                    planned.text("filter"),
	}
	if expiration, isSet := planned.block("expiration_policy"); isSet {
		wanted.ExpirationPolicy = &struct {
			Ttl string `json:"ttl,omitempty"`
		}{expiration.text("ttl")}
	}
	if retry, isSet := planned.block("retry_policy"); isSet {
		wanted.RetryPolicy = &struct {
			MinimumBackoff string `json:"minimumBackoff,omitempty"`
			MaximumBackoff string `json:"maximumBackoff,omitempty"`
		}{retry.text("minimum_backoff"), retry.text("maximum_backoff")}
	}
	if dead, isSet := planned.block("dead_letter_policy"); isSet {
		wanted.DeadLetterPolicy = &struct {
			DeadLetterTopic     string `json:"deadLetterTopic,omitempty"`
			MaxDeliveryAttempts int64  `json:"maxDeliveryAttempts,omitempty"`
		}{dead.text("dead_letter_topic"), dead.number("max_delivery_attempts")}
	}
	return wanted
}

func subscriptionFound(one object, got subscription) object {
	found := object{
		"name":                         lastPart(got.Name),
		"topic":                        sameOr(one.text("topic"), got.Topic),
		"ack_deadline_seconds":         got.AckDeadlineSeconds,
		"enable_exactly_once_delivery": got.EnableExactlyOnceDelivery,
		"enable_message_ordering":      got.EnableMessageOrdering,
		"filter":                       got.Filter,
		"message_retention_duration":   sameSeconds(one.text("message_retention_duration"), got.MessageRetentionDuration),
		"retain_acked_messages":        got.RetainAckedMessages,
	}
	if policy := got.ExpirationPolicy; policy != nil {
		expiration, _ := one.block("expiration_policy")
		found["expiration_policy"] = []any{object{"ttl": sameSeconds(expiration.text("ttl"), policy.Ttl)}}
	}
	if policy := got.RetryPolicy; policy != nil {
		retry, _ := one.block("retry_policy")
		found["retry_policy"] = []any{object{
			"minimum_backoff": sameSeconds(retry.text("minimum_backoff"), policy.MinimumBackoff),
			"maximum_backoff": sameSeconds(retry.text("maximum_backoff"), policy.MaximumBackoff),
		}}
	}
	if policy := got.DeadLetterPolicy; policy != nil {
		found["dead_letter_policy"] = []any{object{
			"dead_letter_topic": policy.DeadLetterTopic, "max_delivery_attempts": policy.MaxDeliveryAttempts,
		}}
	}
	maps.Copy(found, labelsFound(one, got.Labels))
	return found
}

func topicPath(a *api, one object) string {
	if given := one.text("topic"); strings.Contains(given, "/") {
		return given
	}
	return "projects/" + a.projectOf(one) + "/topics/" + one.text("topic")
}

// “3.5s” and “3.500s” are the same, and so is a nought that the answer leaves out.
func sameSeconds(written, found string) string {
	plain := func(text string) string {
		text = strings.TrimSuffix(text, "s")
		if strings.Contains(text, ".") {
			text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
		}
		if text == "" {
			return "0"
		}
		return text
	}
	if plain(written) == plain(found) {
		return written
	}
	return found
}
