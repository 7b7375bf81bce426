package main

import (
	"context"

	pb "cloud.google.com/go/pubsub/apiv1/pubsubpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"
)

const deletedTopic = "_deleted-topic_"

func (s *server) CreateTopic(ctx context.Context, topic *pb.Topic) (*pb.Topic, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	made, err := s.fake.CreateTopic(ctx, topic)
	if err != nil {
		return nil, err
	}
	s.journalTopic(made)
	s.tell(ctx, "created", "topic", made.Name)
	return proto.Clone(made).(*pb.Topic), nil
}

func (s *server) UpdateTopic(ctx context.Context, req *pb.UpdateTopicRequest) (*pb.Topic, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed, err := s.fake.UpdateTopic(ctx, req)
	if err != nil {
		return nil, err
	}
	s.journalTopic(changed)
	return proto.Clone(changed).(*pb.Topic), nil
}

func (s *server) DeleteTopic(ctx context.Context, req *pb.DeleteTopicRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done, err := s.fake.DeleteTopic(ctx, req)
	if err != nil {
		return nil, err
	}
	s.note(entry{Act: "no-topic", Name: req.Topic})
	s.tell(ctx, "deleted", "topic", req.Topic)
	return done, nil
}

func (s *server) CreateSubscription(ctx context.Context, wanted *pb.Subscription) (*pb.Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if wanted.AckDeadlineSeconds == 0 {
		wanted.AckDeadlineSeconds = 10
	}
	if wanted.ExpirationPolicy == nil {
		const daysUntilUnusedOnesGo = 31
		wanted.ExpirationPolicy = &pb.ExpirationPolicy{Ttl: &durationpb.Duration{Seconds: daysUntilUnusedOnesGo * 24 * 3600}}
	}
	made, err := s.fake.CreateSubscription(ctx, wanted)
	if err != nil {
		return nil, err
	}
	s.journalSubscription(made)
	s.tell(ctx, "created", "subscription", made.Name)
	return proto.Clone(made).(*pb.Subscription), nil
}

func (s *server) UpdateSubscription(
	ctx context.Context,
	req *pb.UpdateSubscriptionRequest,
) (*pb.Subscription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed, err := s.fake.UpdateSubscription(ctx, req)
	if err != nil {
		return nil, err
	}
	s.journalSubscription(changed)
	return proto.Clone(changed).(*pb.Subscription), nil
}

func (s *server) DeleteSubscription(
	ctx context.Context,
	req *pb.DeleteSubscriptionRequest,
) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done, err := s.fake.DeleteSubscription(ctx, req)
	if err != nil {
		return nil, err
	}
	s.note(entry{Act: "no-subscription", Name: req.Subscription})
	s.tell(ctx, "deleted", "subscription", req.Subscription)
	return done, nil
}

func (s *server) GetTopic(ctx context.Context, req *pb.GetTopicRequest) (*pb.Topic, error) {
	return s.fake.GetTopic(ctx, req)
}

func (s *server) ListTopics(ctx context.Context, req *pb.ListTopicsRequest) (*pb.ListTopicsResponse, error) {
	return s.fake.ListTopics(ctx, req)
}

func (s *server) ListTopicSubscriptions(
	ctx context.Context,
	req *pb.ListTopicSubscriptionsRequest,
) (*pb.ListTopicSubscriptionsResponse, error) {
	return s.fake.ListTopicSubscriptions(ctx, req)
}

func (s *server) GetSubscription(ctx context.Context, req *pb.GetSubscriptionRequest) (*pb.Subscription, error) {
	return s.fake.GetSubscription(ctx, req)
}

func (s *server) ListSubscriptions(
	ctx context.Context,
	req *pb.ListSubscriptionsRequest,
) (*pb.ListSubscriptionsResponse, error) {
	return s.fake.ListSubscriptions(ctx, req)
}

func (s *server) journalTopic(topic *pb.Topic) {
	s.note(entry{Act: "topic", Name: topic.Name, Definition: jsonOf(topic)})
}

func (s *server) journalSubscription(subscription *pb.Subscription) {
	s.note(entry{Act: "subscription", Name: subscription.Name, Definition: jsonOf(subscription)})
}
