package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// What Compute Engine answers to whatever takes a while.
type operation struct {
	Name   string `json:"name"`
	Zone   string `json:"zone"`
	Status string `json:"status"`
	Error  *struct {
		Errors []operationError `json:"errors"`
	} `json:"error"`
}

type operationError struct {
	Code         string `json:"code"`
	Message      string `json:"message"`
	ErrorDetails []struct {
		QuotaInfo *struct {
			MetricName string          `json:"metricName"`
			LimitName  string          `json:"limitName"`
			Limit      json.RawMessage `json:"limit"`
		} `json:"quotaInfo"`
		LocalizedMessage *struct {
			Message string `json:"message"`
		} `json:"localizedMessage"`
	} `json:"errorDetails"`
}

func (o operation) wait(ctx context.Context, a *api, activity string) error {
	failed := func(err error) error { return sentence{"Error waiting for " + activity, err} }
	for wait := leastWait; o.Status != "DONE" && o.Error == nil; wait = min(2*wait, mostWait/2) {
		if pause(ctx, wait) != nil {
			if errors.Is(context.Cause(ctx), errTooLong) {
				return failed(errTooLong)
			}
			return failed(errors.New("error while retrieving operation: unable to finish polling, context has been cancelled"))
		}
		path := "projects/" + a.project + "/zones/" + lastPart(o.Zone) + "/operations/" + o.Name
		now, err := call[operation](ctx, a, "GET", "compute", path, nil)
		if err != nil && !isMissing(err) {
			return failed(fmt.Errorf("error while retrieving operation: %w", err))
		}
		if err == nil {
			o = now
		}
	}
	if o.Error != nil {
		return failed(errors.New(o.words()))
	}
	return nil
}

func (o operation) words() string {
	var words strings.Builder
	for _, one := range o.Error.Errors {
		words.WriteString(one.Message + "\n")
		for _, detail := range one.ErrorDetails {
			if quota := detail.QuotaInfo; quota != nil && one.Code == "QUOTA_EXCEEDED" {
				fmt.Fprintf(&words, "\tmetric name = %s\n\tlimit name = %s\n\tlimit = %s\n", quota.MetricName, quota.LimitName, quota.Limit)
			}
			if local := detail.LocalizedMessage; local != nil {
				words.WriteString("\n\n" + local.Message + "\n")
			}
		}
	}
	return words.String()
}
