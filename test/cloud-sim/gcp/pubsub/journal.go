package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"os"

	pb "cloud.google.com/go/pubsub/apiv1/pubsubpb"
	"google.golang.org/protobuf/encoding/protojson"
)

// A line of the journal: one thing that happened. Exactly one of the fields after Act is what it was done to.
type entry struct {
	Act          string          `json:"act"` // topic, no-topic, subscription, no-subscription, message, moved, acked
	Name         string          `json:"name,omitempty"`
	Id           string          `json:"id,omitempty"`
	Definition   json.RawMessage `json:"definition,omitempty"`
	Subscription string          `json:"subscription,omitempty"`
	// Those for whom a message is, as they were when it was published.
	For []string `json:"for,omitempty"`
}

// A message that somebody has not acknowledged yet.
type kept struct {
	id      string
	topic   string
	content *pb.PubsubMessage
	waiting map[string]bool
}

// What the journal adds up to.
type memory struct {
	topics        map[string]*pb.Topic
	subscriptions map[string]*pb.Subscription
	order         []string
	messages      map[string]*kept
}

type journal struct{ file *os.File }

// Reads what was, and writes it again without what is over.
func openJournal(path string) (*journal, *memory, error) {
	was := &memory{
		topics:        map[string]*pb.Topic{},
		subscriptions: map[string]*pb.Subscription{},
		messages:      map[string]*kept{},
	}
	if err := was.read(path); err != nil {
		return nil, nil, err
	}
	beside, err := os.Create(path + ".new")
	if err != nil {
		return nil, nil, err
	}
	fresh := &journal{beside}
	was.each(fresh.add)
	if err := os.Rename(path+".new", path); err != nil {
		return nil, nil, err
	}
	return fresh, was, nil
}

func (j *journal) add(e entry) {
	line, err := json.Marshal(e)
	endIf(err)
	// In one write: a kill leaves a line or none. Not flushed: what is in the system's hands outlives a process.
	_, err = j.file.Write(append(line, '\n'))
	endIf(err)
}

func (m *memory) read(path string) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return nil // What stands after the last line end was cut off by a kill.
		}
		if err != nil {
			return err
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return err
		}
		if err := m.apply(e); err != nil {
			return err
		}
	}
}

func (m *memory) apply(e entry) error {
	switch e.Act {
	case "topic":
		t := &pb.Topic{}
		if err := protojson.Unmarshal(e.Definition, t); err != nil {
			return err
		}
		m.topics[t.Name] = t
	case "no-topic":
		delete(m.topics, e.Name)
		for _, s := range m.subscriptions {
			if s.Topic == e.Name {
				s.Topic = deletedTopic
			}
		}
	case "subscription":
		s := &pb.Subscription{}
		if err := protojson.Unmarshal(e.Definition, s); err != nil {
			return err
		}
		m.subscriptions[s.Name] = s
	case "no-subscription":
		delete(m.subscriptions, e.Name)
		for id := range m.messages {
			m.acked(e.Name, id)
		}
	case "message":
		content := &pb.PubsubMessage{}
		if err := protojson.Unmarshal(e.Definition, content); err != nil {
			return err
		}
		m.keep(&kept{id: e.Id, topic: e.Name, content: content, waiting: setOf(e.For)})
	case "moved":
		if message := m.messages[e.Id]; message != nil {
			message.topic, message.waiting = e.Name, map[string]bool{e.Subscription: true}
		}
	case "acked":
		m.acked(e.Subscription, e.Id)
	}
	return nil
}

func (m *memory) keep(message *kept) {
	if len(message.waiting) == 0 {
		return
	}
	m.order = append(m.order, message.id)
	m.messages[message.id] = message
}

// False when nobody waited for it.
func (m *memory) acked(subscription, id string) bool {
	message := m.messages[id]
	if message == nil || !message.waiting[subscription] {
		return false
	}
	delete(message.waiting, subscription)
	if len(message.waiting) == 0 {
		delete(m.messages, id)
	}
	return true
}

// Everything that is still so, in an order in which it can be made again.
func (m *memory) each(tell func(entry)) {
	for name, topic := range m.topics {
		tell(entry{Act: "topic", Name: name, Definition: jsonOf(topic)})
	}
	for name, subscription := range m.subscriptions {
		tell(entry{Act: "subscription", Name: name, Definition: jsonOf(subscription)})
	}
	for _, message := range m.inOrder() {
		tell(message.entry())
	}
}

// By when they were published; an id whose message is over is forgotten here.
func (m *memory) inOrder() []*kept {
	var all []*kept
	var order []string
	for _, id := range m.order {
		if message := m.messages[id]; message != nil {
			all = append(all, message)
			order = append(order, id)
		}
	}
	m.order = order
	return all
}

func (k *kept) entry() entry {
	e := entry{Act: "message", Name: k.topic, Id: k.id, Definition: jsonOf(k.content)}
	for name := range k.waiting {
		e.For = append(e.For, name)
	}
	return e
}

func setOf(names []string) map[string]bool {
	set := map[string]bool{}
	for _, name := range names {
		set[name] = true
	}
	return set
}
