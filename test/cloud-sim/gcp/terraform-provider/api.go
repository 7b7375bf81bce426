package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
)

const (
	leastWait = 250 * time.Millisecond
	mostWait  = 4 * time.Second
	// As long as the real one takes an error for a passing one.
	patience = 90 * time.Second
)

// Google's APIs, as whoever runs Terraform is allowed to use them.
type api struct {
	http          *http.Client
	project       string
	zone          string
	endpoints     map[string]string
	defaultLabels map[string]string
	attribution   map[string]string
}

// Both are what the provider's block says; when it says nothing, the environment does, then the machine.
func (a *api) authorize(credentials, token string) error {
	ctx := context.Background()
	scopes := []string{"https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email"}
	token = firstOf(token, fromEnvironment("GOOGLE_OAUTH_ACCESS_TOKEN"))
	credentials = firstOf(credentials, fromEnvironment("GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"))
	switch {
	case token != "":
		a.http = oauth2.NewClient(ctx, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token}))
	case credentials != "":
		key := []byte(credentials)
		if !strings.HasPrefix(strings.TrimSpace(credentials), "{") {
			var err error
			if key, err = os.ReadFile(credentials); err != nil {
				return err
			}
		}
		found, err := google.CredentialsFromJSON(ctx, key, scopes...)
		if err != nil {
			return err
		}
		a.http = oauth2.NewClient(ctx, found.TokenSource)
	default:
		found, err := google.FindDefaultCredentials(ctx, scopes...)
		if err != nil {
			return err
		}
		a.http = oauth2.NewClient(ctx, found.TokenSource)
	}
	a.http.Timeout = 2 * time.Minute
	return nil
}

func (a *api) projectOf(given object) string { return firstOf(given.text("project"), a.project) }
func (a *api) zoneOf(given object) string    { return firstOf(lastPart(given.text("zone")), a.zone) }

// What is asked for with the labels that a stack gives.
func (a *api) effectiveLabels(given object) map[string]string {
	labels := map[string]string{}
	for _, from := range []map[string]string{a.attribution, a.defaultLabels, given.texts("labels")} {
		for key, value := range from {
			labels[key] = value
		}
	}
	return labels
}

// The three attributes that speak of labels, when these are what the resource has.
func labelsFound(given object, has map[string]string) object {
	own := map[string]string{}
	for key := range given.texts("labels") {
		if value, isThere := has[key]; isThere {
			own[key] = value
		}
	}
	of := map[string]string{}
	for key, value := range has {
		of[key] = value
	}
	return object{"labels": own, "terraform_labels": of, "effective_labels": has}
}

// Asks, again while the error is one that passes, and gives up when Terraform is told to stop.
func call[T any](ctx context.Context, a *api, method, service, path string, body any) (T, error) {
	var answer T
	var sent []byte
	if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return answer, err
		}
	}
	url := a.endpoints[service] + path
	giveUpAt := time.Now().Add(patience)
	for wait := leastWait; ; wait = min(2*wait, mostWait) {
		got, err := a.once(ctx, method, url, sent)
		if err == nil {
			return answer, json.Unmarshal(got, &answer)
		}
		if !mayPass(err) || time.Now().After(giveUpAt) {
			return answer, err
		}
		if err := pause(ctx, wait); err != nil {
			return answer, err
		}
	}
}

func (a *api) once(ctx context.Context, method, url string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if len(body) > 0 {
		request.Header.Set("content-type", "application/json")
	}
	request.Header.Set("user-agent", "Terraform trainyard-test-provider/"+version)
	response, err := a.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 {
		return nil, errorIn(response.StatusCode, got)
	}
	if len(bytes.TrimSpace(got)) == 0 {
		got = []byte("{}")
	}
	return got, nil
}

func pause(ctx context.Context, long time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(long):
		return nil
	}
}

// The name at the end of a link or path.
func lastPart(link string) string { return link[strings.LastIndex(link, "/")+1:] }

// As it was written down, when both name the same: a link for a name is no difference.
func sameOr(written, found string) string {
	if lastPart(written) == lastPart(found) {
		return written
	}
	return found
}
