package main

import (
	"context"

	pb "cloud.google.com/go/pubsub/apiv1/pubsubpb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

func (s *server) Pull(ctx context.Context, req *pb.PullRequest) (*pb.PullResponse, error) {
	answer, err := s.fake.Pull(ctx, req)
	if err != nil {
		return nil, err
	}
	return &pb.PullResponse{ReceivedMessages: s.outward(req.Subscription, answer.ReceivedMessages)}, nil
}

func (s *server) Acknowledge(ctx context.Context, req *pb.AcknowledgeRequest) (*emptypb.Empty, error) {
	ids := s.acknowledged(req.Subscription, req.AckIds)
	return s.fake.Acknowledge(ctx, &pb.AcknowledgeRequest{Subscription: req.Subscription, AckIds: ids})
}

func (s *server) ModifyAckDeadline(ctx context.Context, req *pb.ModifyAckDeadlineRequest) (*emptypb.Empty, error) {
	inward := proto.Clone(req).(*pb.ModifyAckDeadlineRequest)
	inward.AckIds = s.inward(req.AckIds)
	return s.fake.ModifyAckDeadline(ctx, inward)
}

func (s *server) StreamingPull(stream pb.Subscriber_StreamingPullServer) error {
	return s.fake.StreamingPull(&translating{Subscriber_StreamingPullServer: stream, server: s})
}

// A stream between the ids outside and those of the fake.
type translating struct {
	pb.Subscriber_StreamingPullServer
	server       *server
	subscription string
}

func (t *translating) Recv() (*pb.StreamingPullRequest, error) {
	req, err := t.Subscriber_StreamingPullServer.Recv()
	if err != nil {
		return nil, err
	}
	if t.subscription == "" {
		t.subscription = req.Subscription
	}
	req.AckIds = t.server.acknowledged(t.subscription, req.AckIds)
	known, seconds := []string{}, []int32{}
	for i, id := range req.ModifyDeadlineAckIds {
		// The fake falls over an id that it does not know, such as one from before a restart.
		if inward := t.server.inward([]string{id}); len(inward) == 1 && i < len(req.ModifyDeadlineSeconds) {
			known, seconds = append(known, inward[0]), append(seconds, req.ModifyDeadlineSeconds[i])
		}
	}
	req.ModifyDeadlineAckIds, req.ModifyDeadlineSeconds = known, seconds
	return req, nil
}

func (t *translating) Send(answer *pb.StreamingPullResponse) error {
	received := t.server.outward(t.subscription, answer.ReceivedMessages)
	if len(answer.ReceivedMessages) > 0 && len(received) == 0 {
		return nil
	}
	outward := proto.Clone(answer).(*pb.StreamingPullResponse)
	outward.ReceivedMessages = received
	if c := outward.AcknowledgeConfirmation; c != nil {
		c.AckIds = t.server.ours(c.AckIds)
	}
	if c := outward.ModifyAckDeadlineConfirmation; c != nil {
		c.AckIds = t.server.ours(c.AckIds)
	}
	return t.Subscriber_StreamingPullServer.Send(outward)
}

func (s *server) ours(fakeIds []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, id := range fakeIds {
		ids = append(ids, s.ourIds[id])
	}
	return ids
}

func (s *server) inward(ids []string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var known []string
	for _, id := range ids {
		if fakeId, ok := s.fakeIds[id]; ok {
			known = append(known, fakeId)
		}
	}
	return known
}

// Noted before the fake hears of it: an acknowledgement that was answered holds, whatever dies next.
func (s *server) acknowledged(subscription string, ids []string) []string {
	s.mu.Lock()
	for _, id := range ids {
		if message := s.now.messages[id]; message != nil && message.waiting[subscription] {
			s.note(entry{Act: "acked", Subscription: subscription, Id: id})
		}
	}
	s.mu.Unlock()
	return s.inward(ids)
}

// As a reader outside sees them, without those that it had acknowledged before the last start.
func (s *server) outward(subscription string, received []*pb.ReceivedMessage) []*pb.ReceivedMessage {
	var shown []*pb.ReceivedMessage
	var settled []string
	s.mu.Lock()
	for _, one := range received {
		id := s.ourIds[one.AckId]
		if s.settled[id][subscription] {
			settled = append(settled, one.AckId)
			continue
		}
		s.noteMove(subscription, id)
		copied := proto.Clone(one).(*pb.ReceivedMessage)
		copied.AckId, copied.Message.MessageId = id, id
		shown = append(shown, copied)
	}
	s.mu.Unlock()
	if len(settled) > 0 {
		_, _ = s.fake.Acknowledge(context.Background(), &pb.AcknowledgeRequest{Subscription: subscription, AckIds: settled})
	}
	return shown
}

// The fake itself moves a message to the dead-letter topic; here it is seen there for the first time.
func (s *server) noteMove(subscription, id string) {
	message, reader := s.now.messages[id], s.now.subscriptions[subscription]
	if message == nil || reader == nil || message.waiting[subscription] || message.topic == reader.Topic {
		return
	}
	s.note(entry{Act: "moved", Id: id, Name: reader.Topic, Subscription: subscription})
}
