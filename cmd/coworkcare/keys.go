package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coworkcare/coworkcare/platform/crypt"
)

func keysCommand() *cobra.Command {
	keys := &cobra.Command{Use: "keys", Short: "Make and rotate the installation's keys"}
	keys.AddCommand(
		keyFileCommand("generate FILE", "Make the keys of a new installation; back the file up apart from the database", crypt.Generate),
		keyFileCommand("stage FILE", "Add a key that opens what it sealed but seals nothing yet; the first step of a rotation with several replicas", crypt.Stage),
		keyFileCommand("rotate FILE", "Seal with a new key from now on; what older keys sealed still opens", crypt.Rotate))
	return keys
}

func keyFileCommand(use, short string, do func(string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		if err := do(args[0]); err != nil {
			return err
		}
		_, err := fmt.Fprintln(cmd.ErrOrStderr(), "done:", args[0])
		return err
	}}
}
