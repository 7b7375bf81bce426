// Pub/Sub for the simulated Google Cloud: Google's own fake (pstest) for gRPC, the REST calls of the v1 API in front of
// it, and a journal on disk, so that topics, subscriptions and messages nobody acknowledged outlive a kill.
//
//	pubsub -journal FILE -audit FILE -grpc ADDRESS -rest ADDRESS
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"

	pb "cloud.google.com/go/pubsub/apiv1/pubsubpb"
	"google.golang.org/grpc"
)

func main() {
	journalPath := flag.String("journal", "", "what outlives a kill")
	auditPath := flag.String("audit", "", "where what is made and removed is told")
	grpcAddress := flag.String("grpc", "127.0.0.1:0", "")
	restAddress := flag.String("rest", "127.0.0.1:0", "")
	flag.Parse()

	server, err := openServer(*journalPath, *auditPath)
	endIf(err)
	grpcListener, err := net.Listen("tcp", *grpcAddress)
	endIf(err)
	restListener, err := net.Listen("tcp", *restAddress)
	endIf(err)

	const largest = 20 << 20
	overGrpc := grpc.NewServer(grpc.MaxRecvMsgSize(largest), grpc.MaxSendMsgSize(largest))
	pb.RegisterPublisherServer(overGrpc, server)
	pb.RegisterSubscriberServer(overGrpc, server)
	go func() { endIf(overGrpc.Serve(grpcListener)) }()
	go func() { endIf(http.Serve(restListener, rest{server})) }()
	fmt.Printf("ready grpc=%s rest=%s\n", grpcListener.Addr(), restListener.Addr())
	select {}
}

func endIf(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "pubsub:", err)
		os.Exit(1)
	}
}
