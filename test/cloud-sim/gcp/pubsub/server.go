package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"

	pb "cloud.google.com/go/pubsub/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/pstest"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Google's fake with a memory. The fake counts its messages from nought at each start, so a message has an id of ours
// besides, by which it is known outside and in the journal.
type server struct {
	pb.UnimplementedPublisherServer
	pb.UnimplementedSubscriberServer
	fake *pstest.GServer

	// Held over the fake's own lock, never the other way around.
	mu      sync.Mutex
	journal *journal
	audit   *os.File
	now     *memory
	lastId  int64
	ourIds  map[string]string // by the fake's
	fakeIds map[string]string // by ours
	// Those who had acknowledged a message before the last start: the fake delivers to all of a topic alike.
	settled map[string]map[string]bool
}

func openServer(journalPath, auditPath string) (*server, error) {
	journal, was, err := openJournal(journalPath)
	if err != nil {
		return nil, err
	}
	audit, err := os.OpenFile(auditPath, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	s := &server{
		fake:    &pstest.NewServerWithAddress("127.0.0.1:0").GServer,
		journal: journal,
		audit:   audit,
		now:     was,
		ourIds:  map[string]string{},
		fakeIds: map[string]string{},
		settled: map[string]map[string]bool{},
	}
	return s, s.makeAgain()
}

// Gives the fake everything that was there.
func (s *server) makeAgain() error {
	ctx := context.Background()
	for _, topic := range s.now.topics {
		if _, err := s.fake.CreateTopic(ctx, proto.Clone(topic).(*pb.Topic)); err != nil {
			return err
		}
	}
	// Of subscriptions whose topic is gone; no project's listing shows it.
	if _, err := s.fake.CreateTopic(ctx, &pb.Topic{Name: deletedTopic}); err != nil {
		return err
	}
	ofTopic := map[string][]string{}
	for _, subscription := range s.now.subscriptions {
		if _, err := s.fake.CreateSubscription(ctx, proto.Clone(subscription).(*pb.Subscription)); err != nil {
			return err
		}
		ofTopic[subscription.Topic] = append(ofTopic[subscription.Topic], subscription.Name)
	}
	for _, message := range s.now.inOrder() {
		if s.now.topics[message.topic] == nil {
			continue
		}
		s.settled[message.id] = map[string]bool{}
		for _, name := range ofTopic[message.topic] {
			s.settled[message.id][name] = !message.waiting[name]
		}
		if err := s.handOver(ctx, message.topic, message.id, message.content); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) handOver(ctx context.Context, topic, id string, content *pb.PubsubMessage) error {
	copied := proto.Clone(content).(*pb.PubsubMessage)
	answer, err := s.fake.Publish(ctx, &pb.PublishRequest{Topic: topic, Messages: []*pb.PubsubMessage{copied}})
	if err != nil {
		return err
	}
	s.ourIds[answer.MessageIds[0]] = id
	s.fakeIds[id] = answer.MessageIds[0]
	return nil
}

func (s *server) Publish(ctx context.Context, req *pb.PublishRequest) (*pb.PublishResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.fake.GetTopic(ctx, &pb.GetTopicRequest{Topic: req.Topic}); err != nil {
		return nil, err
	}
	readers, err := s.fake.ListTopicSubscriptions(ctx, &pb.ListTopicSubscriptionsRequest{Topic: req.Topic})
	if err != nil {
		return nil, err
	}
	answer := &pb.PublishResponse{}
	for _, content := range req.Messages {
		message := &kept{id: s.nextId(), topic: req.Topic, content: content, waiting: setOf(readers.Subscriptions)}
		if err := s.handOver(ctx, req.Topic, message.id, content); err != nil {
			return nil, err
		}
		if len(message.waiting) > 0 {
			s.note(message.entry())
		}
		answer.MessageIds = append(answer.MessageIds, message.id)
	}
	return answer, nil
}

func (s *server) nextId() string {
	s.lastId = max(s.lastId+1, time.Now().UnixMicro())
	return fmt.Sprint(s.lastId)
}

// In the journal and in what we know, which are one.
func (s *server) note(e entry) {
	s.journal.add(e)
	endIf(s.now.apply(e))
}

type whoKey struct{}

func (s *server) tell(ctx context.Context, act, kind, name string) {
	who, ok := ctx.Value(whoKey{}).(string)
	if !ok {
		who = "over gRPC"
	}
	line, err := json.Marshal(map[string]any{
		"atMs": time.Now().UnixMilli(), "act": act, "kind": kind, "name": name, "who": who,
	})
	endIf(err)
	_, err = s.audit.Write(append(line, '\n'))
	endIf(err)
}

func jsonOf(message proto.Message) json.RawMessage {
	text, err := protojson.Marshal(message)
	endIf(err)
	return text
}
