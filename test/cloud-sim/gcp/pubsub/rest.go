package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"

	pb "cloud.google.com/go/pubsub/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// The REST calls of https://cloud.google.com/pubsub/docs/reference/rest: the same methods under other names.
type rest struct{ server *server }

var one = regexp.MustCompile(`^/v1/(projects/[^/]+/(topics|subscriptions)/[^/:]+)(?::(\w+)|/(subscriptions))?$`)
var many = regexp.MustCompile(`^/v1/(projects/[^/]+)/(topics|subscriptions)$`)

func (r rest) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	ctx := context.WithValue(req.Context(), whoKey{}, req.Header.Get("X-Simulation-Caller"))
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return
	}
	answer, err := r.call(ctx, req, body)
	if err != nil {
		writeError(w, req, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, _ = w.Write(jsonOf(answer))
}

func (r rest) call(ctx context.Context, req *http.Request, body []byte) (proto.Message, error) {
	query, s := req.URL.Query(), r.server
	if found := many.FindStringSubmatch(req.URL.Path); found != nil && req.Method == http.MethodGet {
		size, _ := strconv.Atoi(query.Get("pageSize"))
		if size == 0 {
			size = 100
		}
		token := query.Get("pageToken")
		if found[2] == "topics" {
			return s.ListTopics(ctx, &pb.ListTopicsRequest{Project: found[1] + "/", PageSize: int32(size), PageToken: token})
		}
		return s.ListSubscriptions(ctx, &pb.ListSubscriptionsRequest{Project: found[1] + "/", PageSize: int32(size), PageToken: token})
	}
	found := one.FindStringSubmatch(req.URL.Path)
	if found == nil {
		return nil, status.Errorf(codes.Unimplemented, "%s %s is not simulated", req.Method, req.URL.Path)
	}
	name, verb := found[1], req.Method
	if found[3] != "" {
		verb = found[3]
	}
	if found[4] != "" {
		return s.ListTopicSubscriptions(ctx, &pb.ListTopicSubscriptionsRequest{Topic: name})
	}
	if found[2] == "topics" {
		return r.topic(ctx, verb, name, body, query.Get("updateMask"))
	}
	return r.subscription(ctx, verb, name, body, query.Get("updateMask"))
}

func (r rest) topic(ctx context.Context, verb, name string, body []byte, mask string) (proto.Message, error) {
	switch verb {
	case http.MethodGet:
		return r.server.GetTopic(ctx, &pb.GetTopicRequest{Topic: name})
	case http.MethodDelete:
		return r.server.DeleteTopic(ctx, &pb.DeleteTopicRequest{Topic: name})
	case http.MethodPut:
		topic := &pb.Topic{}
		if err := parse(body, topic); err != nil {
			return nil, err
		}
		topic.Name = name
		return r.server.CreateTopic(ctx, topic)
	case http.MethodPatch:
		update := &pb.UpdateTopicRequest{Topic: &pb.Topic{}}
		if err := parse(body, update); err != nil {
			return nil, err
		}
		update.Topic.Name = name
		return r.server.UpdateTopic(ctx, &pb.UpdateTopicRequest{Topic: update.Topic, UpdateMask: masked(update.UpdateMask, mask)})
	case "publish":
		publish := &pb.PublishRequest{}
		if err := parse(body, publish); err != nil {
			return nil, err
		}
		publish.Topic = name
		return r.server.Publish(ctx, publish)
	}
	return nil, status.Errorf(codes.Unimplemented, "%s of a topic is not simulated", verb)
}

func (r rest) subscription(ctx context.Context, verb, name string, body []byte, mask string) (proto.Message, error) {
	switch verb {
	case http.MethodGet:
		return r.server.GetSubscription(ctx, &pb.GetSubscriptionRequest{Subscription: name})
	case http.MethodDelete:
		return r.server.DeleteSubscription(ctx, &pb.DeleteSubscriptionRequest{Subscription: name})
	case http.MethodPut:
		subscription := &pb.Subscription{}
		if err := parse(body, subscription); err != nil {
			return nil, err
		}
		subscription.Name = name
		return r.server.CreateSubscription(ctx, subscription)
	case http.MethodPatch:
		update := &pb.UpdateSubscriptionRequest{Subscription: &pb.Subscription{}}
		if err := parse(body, update); err != nil {
			return nil, err
		}
		update.Subscription.Name = name
		return r.server.UpdateSubscription(
			ctx,
			&pb.UpdateSubscriptionRequest{Subscription: update.Subscription, UpdateMask: masked(update.UpdateMask, mask)},
		)
	case "pull":
		pull := &pb.PullRequest{}
		if err := parse(body, pull); err != nil {
			return nil, err
		}
		pull.Subscription = name
		return r.server.Pull(ctx, pull)
	case "acknowledge":
		ack := &pb.AcknowledgeRequest{}
		if err := parse(body, ack); err != nil {
			return nil, err
		}
		ack.Subscription = name
		return r.server.Acknowledge(ctx, ack)
	case "modifyAckDeadline":
		modify := &pb.ModifyAckDeadlineRequest{}
		if err := parse(body, modify); err != nil {
			return nil, err
		}
		modify.Subscription = name
		return r.server.ModifyAckDeadline(ctx, modify)
	}
	return nil, status.Errorf(codes.Unimplemented, "%s of a subscription is not simulated", verb)
}

func parse(body []byte, into proto.Message) error {
	if len(body) == 0 {
		return nil
	}
	if err := protojson.Unmarshal(body, into); err != nil {
		return status.Errorf(codes.InvalidArgument, "Invalid JSON payload received. %v", err)
	}
	return nil
}

// In the body, as the reference has it, or in the query, as Google's own front accepts it too.
func masked(inBody *fieldmaskpb.FieldMask, inQuery string) *fieldmaskpb.FieldMask {
	if inQuery == "" {
		if inBody == nil {
			return &fieldmaskpb.FieldMask{}
		}
		return inBody
	}
	mask := &fieldmaskpb.FieldMask{}
	text, _ := json.Marshal(inQuery)
	_ = protojson.Unmarshal(text, mask)
	return mask
}

var httpCodes = map[codes.Code]int{
	codes.InvalidArgument:    http.StatusBadRequest,
	codes.FailedPrecondition: http.StatusBadRequest,
	codes.NotFound:           http.StatusNotFound,
	codes.AlreadyExists:      http.StatusConflict,
	codes.Unimplemented:      http.StatusNotImplemented,
	codes.Unknown:            http.StatusBadRequest,
}

var statusNames = map[codes.Code]string{
	codes.InvalidArgument:    "INVALID_ARGUMENT",
	codes.FailedPrecondition: "FAILED_PRECONDITION",
	codes.NotFound:           "NOT_FOUND",
	codes.AlreadyExists:      "ALREADY_EXISTS",
	codes.Unimplemented:      "UNIMPLEMENTED",
	codes.Unknown:            "INVALID_ARGUMENT",
}

func writeError(w http.ResponseWriter, req *http.Request, err error) {
	failed := status.Convert(err)
	code, ok := httpCodes[failed.Code()]
	name := statusNames[failed.Code()]
	if !ok {
		code, name = http.StatusInternalServerError, "INTERNAL"
	}
	message := failed.Message()
	if found := one.FindStringSubmatch(req.URL.Path); found != nil {
		resource := regexp.MustCompile(`[^/]+$`).FindString(found[1])
		switch failed.Code() {
		case codes.NotFound:
			message = fmt.Sprintf("Resource not found (resource=%s).", resource)
		case codes.AlreadyExists:
			message = fmt.Sprintf("Resource already exists in the project (resource=%s).", resource)
		}
	}
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"error": map[string]any{"code": code, "message": message, "status": name},
	})
}
