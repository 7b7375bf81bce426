package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

var imagePath = regexp.MustCompile(`^(?:https://.*/)?(projects/[^/]+/)?global/images/(family/)?[^/]+$`)

// A path, as it is; or a name: of an image of that project, else of a family; or `project/name`, or `family/name`.
func resolveImage(ctx context.Context, a *api, project, name string) (string, error) {
	if imagePath.MatchString(name) {
		return name, nil
	}
	prefix, families := "", []string{"", "family/"}
	bare := name
	if parts := strings.Split(name, "/"); len(parts) == 2 {
		bare = parts[1]
		if parts[0] == "family" {
			families = []string{"family/"}
		} else {
			project = parts[0]
			prefix = "projects/" + project + "/"
		}
	}
	for _, family := range families {
		path := "global/images/" + family + bare
		_, err := call[object](ctx, a, "GET", "compute", "projects/"+project+"/"+path, nil)
		if err == nil {
			return prefix + path, nil
		}
		if !isMissing(err) {
			return "", fmt.Errorf("Error checking if image %s exists: %w", bare, err)
		}
	}
	return "", fmt.Errorf("Could not find image or family %s", name)
}
