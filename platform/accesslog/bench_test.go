package accesslog_test

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	followupv1 "github.com/coworkcare/coworkcare/proto/gen/coworkcare/followup/v1"

	"github.com/coworkcare/coworkcare/platform/accesslog"
	"github.com/coworkcare/coworkcare/platform/act"
	"github.com/coworkcare/coworkcare/platform/sqldb/sqldbtest"
)

// worklist is an answer as the most frequent call gives it.
func worklist(n int) *followupv1.ListCareUnitFollowUpsResponse {
	list := &followupv1.ListCareUnitFollowUpsResponse{}
	unit := act.NewID()
	for i := range n {
		list.FollowUps = append(list.FollowUps, &followupv1.FollowUp{
			FollowUpId: act.NewID(), PatientId: fmt.Sprintf("patient-%d", i%(n/2+1)), CareUnitId: unit, CreateTime: timestamppb.Now(), UpdateTime: timestamppb.Now(),
		})
	}
	return list
}

func BenchmarkPatients(b *testing.B) {
	answer := worklist(50)
	var finder accesslog.Finder
	b.ReportAllocs()
	for b.Loop() {
		if len(finder.Patients(answer)) != 26 {
			b.Fatal("patients are missing")
		}
	}
}

// A page of a worklist that was looked at within the hour writes nothing.
func BenchmarkWriteKnown(b *testing.B) {
	log := running(b, sqldbtest.SQLite(b)("accesslog"))
	var records []accesslog.Record
	for _, p := range log.Patients(worklist(50)) {
		records = append(records, read("anna", p.PatientID))
	}
	if err := log.Write(b.Context(), records); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := log.Write(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
}

// New records of 64 callers at once.
func BenchmarkWriteNew(b *testing.B) {
	for name, opener := range map[string]func(testing.TB) sqldbtest.Opener{"sqlite": sqldbtest.SQLite, "postgres": sqldbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			log := running(b, opener(b)("accesslog"))
			var patient atomic.Int64
			b.SetParallelism(32)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := log.Write(b.Context(), []accesslog.Record{read("anna", strconv.FormatInt(patient.Add(1), 10))}); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
