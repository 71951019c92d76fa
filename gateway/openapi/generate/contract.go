package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	// The extensions that the contract's options bear; without them options would be read as unknown bytes.
	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	_ "google.golang.org/genproto/googleapis/api/annotations"
	_ "google.golang.org/genproto/googleapis/api/httpbody"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	_ "github.com/coworkcare/coworkcare/proto/gen/coworkcare/access/v1"
)

// contract is what the .proto files say, comments included; the descriptors that Go code links have none.
type contract struct {
	files    []protoreflect.FileDescriptor
	services []protoreflect.ServiceDescriptor
	fields   map[string]bool // every field name, to tell field names in comments
}

// readContract compiles the .proto files below a folder. What they import from libraries is taken from the linked descriptors.
func readContract(folder string) (*contract, error) {
	var names []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && path.Ext(name) == ".proto" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	linked := protocompile.ResolverFunc(func(name string) (protocompile.SearchResult, error) {
		file, err := protoregistry.GlobalFiles.FindFileByPath(name)
		return protocompile.SearchResult{Desc: file}, err
	})
	compiler := protocompile.Compiler{
		Resolver:       protocompile.CompositeResolver{&protocompile.SourceResolver{ImportPaths: []string{folder}}, linked},
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	compiled, err := compiler.Compile(context.Background(), names...)
	if err != nil {
		return nil, err
	}
	set := &descriptorpb.FileDescriptorSet{}
	added := map[string]bool{}
	var add func(file protoreflect.FileDescriptor)
	add = func(file protoreflect.FileDescriptor) {
		if added[file.Path()] {
			return
		}
		added[file.Path()] = true
		for i := range file.Imports().Len() {
			add(file.Imports().Get(i).FileDescriptor)
		}
		set.File = append(set.File, protoutil.ProtoFromFileDescriptor(file))
	}
	for _, file := range compiled {
		add(file)
	}
	return link(set, names)
}

// link reads the set anew, so that options are the Go types of their extensions.
func link(set *descriptorpb.FileDescriptorSet, names []string) (*contract, error) {
	text, err := proto.Marshal(set)
	if err != nil {
		return nil, err
	}
	reread := &descriptorpb.FileDescriptorSet{}
	if err := proto.Unmarshal(text, reread); err != nil {
		return nil, err
	}
	files, err := protodesc.NewFiles(reread)
	if err != nil {
		return nil, err
	}
	c := &contract{fields: map[string]bool{}}
	for _, name := range names {
		file, err := files.FindFileByPath(name)
		if err != nil {
			return nil, err
		}
		c.files = append(c.files, file)
		for i := range file.Services().Len() {
			c.services = append(c.services, file.Services().Get(i))
		}
		c.noteFields(file.Messages())
	}
	if len(c.services) == 0 {
		return nil, fmt.Errorf("no service in the .proto files of %s", strings.Join(names, ", "))
	}
	return c, nil
}

func (c *contract) noteFields(messages protoreflect.MessageDescriptors) {
	for i := range messages.Len() {
		message := messages.Get(i)
		for j := range message.Fields().Len() {
			c.fields[string(message.Fields().Get(j).Name())] = true
		}
		c.noteFields(message.Messages())
	}
}

// service is the short name of a descriptor's package: patient of coworkcare.patient.v1.
func service(d protoreflect.Descriptor) string {
	parts := strings.Split(string(d.ParentFile().Package()), ".")
	return parts[len(parts)-2]
}
