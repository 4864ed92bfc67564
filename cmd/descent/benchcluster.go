package main

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A cluster does the runs of a study on other machines. Only a build with the tag cluster
// has one: its servers are half as large as all else.
type cluster interface {
	// check refuses flags that make no sense together.
	check(o *benchOptions) error
	// begin gives the study a crew, if flags ask for it. What is returned takes leave of
	// it, for ever if the study is finished.
	begin(cmd *cobra.Command, o *benchOptions) (end func(finished bool) error, err error)
}

// addCluster adds the flags of a cluster; nil in a build without.
var addCluster func(*pflag.FlagSet) cluster
