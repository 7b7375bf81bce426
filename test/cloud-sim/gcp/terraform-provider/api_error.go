package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
)

// An error as Google's REST APIs answer it, in words as its Go library says it.
type apiError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Errors  []struct {
		Message string `json:"message"`
		Reason  string `json:"reason"`
	} `json:"errors"`
	Details []json.RawMessage `json:"details"`
	body    string
}

func errorIn(status int, body []byte) error {
	var said struct {
		Error apiError `json:"error"`
	}
	// What is no JSON is shown as it is.
	_ = json.Unmarshal(body, &said)
	said.Error.Code = status
	said.Error.body = string(body)
	return &said.Error
}

func (e *apiError) Error() string {
	if len(e.Errors) == 0 && e.Message == "" {
		return fmt.Sprintf("googleapi: got HTTP response code %d with body: %s", e.Code, e.body)
	}
	var words strings.Builder
	fmt.Fprintf(&words, "googleapi: Error %d: %s", e.Code, e.Message)
	if len(e.Details) > 0 {
		var details bytes.Buffer
		encoder := json.NewEncoder(&details)
		encoder.SetIndent("", "  ")
		if encoder.Encode(e.Details) == nil {
			fmt.Fprintf(&words, "\nDetails:\n%s", details.String())
		}
	}
	if len(e.Errors) == 1 && e.Errors[0].Message == e.Message {
		fmt.Fprintf(&words, ", %s", e.Errors[0].Reason)
	} else if len(e.Errors) > 0 {
		words.WriteString("\nMore details:\n")
		for _, one := range e.Errors {
			fmt.Fprintf(&words, "Reason: %s, Message: %s\n", one.Reason, one.Message)
		}
	}
	return strings.TrimSpace(words.String())
}

func codeOf(err error) int {
	var said *apiError
	if errors.As(err, &said) {
		return said.Code
	}
	return 0
}

func isMissing(err error) bool { return codeOf(err) == 404 }

// Whether the same may well succeed a little later.
func mayPass(err error) bool {
	switch codeOf(err) {
	case 429, 500, 502, 503:
		return true
	case 0:
		var network *net.OpError
		return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) ||
			(errors.As(err, &network) && network.Timeout())
	case 403:
		return strings.Contains(err.Error(), "Quota exceeded for quota metric") && strings.Contains(err.Error(), "per minute")
	}
	return false
}
