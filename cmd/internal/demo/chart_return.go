package demo

import (
	"context"

	"github.com/coworkcare/coworkcare/platform/date"
)

// draftExtension asks for a draft that extends the last certificate, filled in from what is known.
func (c *chart) draftExtension(ctx context.Context) (draftAnswer, error) {
	var answer draftAnswer
	err := c.client.post(ctx, c.team.gp, c.path("/certificates:draftExtension"), object{}, &answer)
	return answer, err
}

// completeDraft adds what no source could say: what the GP rests on and, without a plan, the period.
func (c *chart) completeDraft(ctx context.Context, draft draftAnswer, l leave, today date.Day) (draftAnswer, error) {
	body := object{{"bases", []object{{{"kind", "VIDEO"}, {"basisDate", today}}}}, {"etag", draft.Etag}}
	if len(draft.Periods) == 0 {
		body = append(body, field{"periods", []object{{{"startDate", l.from}, {"endDate", l.to}, {"degree", l.degree}}}})
	}
	var answer draftAnswer
	err := c.patch(ctx, c.team.gp, "/certificates/"+draft.CertificateID, body, &answer)
	return answer, err
}

func (c *chart) signDraft(ctx context.Context, draft draftAnswer) (certificateAnswer, error) {
	var answer certificateAnswer
	err := c.client.post(ctx, c.team.gp, c.path("/certificates/"+draft.CertificateID+":sign"), object{{"etag", draft.Etag}}, &answer)
	if err == nil {
		c.lastLeave = answer.CertificateID
	}
	return answer, err
}

// stepsOf are leaves as the steps of a plan; degree 0 is full return.
func stepsOf(leaves []leave) []object {
	var steps []object
	for _, l := range leaves {
		steps = append(steps, object{
			{"startDate", l.from}, {"endDate", l.to}, {"degree", l.degree}, {"adaptations", "Synthetic: one task at a time, a quiet room."},
		})
	}
	return steps
}

// proposeReturn proposes the coordinator's plan for return to work.
func (c *chart) proposeReturn(ctx context.Context, steps []leave) (returnPlanAnswer, error) {
	var answer returnPlanAnswer
	err := c.client.post(ctx, c.team.coordinator, c.path("/returnToWorkPlans"), object{
		{"careEpisodeId", c.episodeID}, {"target", "OWN_WORK"}, {"steps", stepsOf(steps)}, {"note", "Synthetic: as agreed in the dialogue meeting."},
	}, &answer)
	c.returnID, c.steps = answer.ReturnToWorkPlanID, answer.Steps
	return answer, err
}

// onReturn does something with the plan for return to work.
func (c *chart) onReturn(ctx context.Context, as Actor, verb string, body object) (returnPlanAnswer, error) {
	var answer returnPlanAnswer
	err := c.client.post(ctx, as, c.path("/returnToWorkPlans/"+c.returnID+":"+verb), body, &answer)
	if err == nil {
		c.steps = answer.Steps
	}
	return answer, err
}

// reviseReturn writes the steps anew; those of a degree that was there before keep their names.
func (c *chart) reviseReturn(ctx context.Context, steps []leave) (returnPlanAnswer, error) {
	written := stepsOf(steps)
	for i, s := range steps {
		if before := c.step(s.degree); before.StepID != "" {
			written[i] = append(object{{"stepId", before.StepID}}, written[i]...)
		}
	}
	var answer returnPlanAnswer
	err := c.patch(ctx, c.team.coordinator, "/returnToWorkPlans/"+c.returnID, object{{"steps", written}}, &answer)
	c.steps = answer.Steps
	return answer, err
}

// checkIn records how the step of a degree goes.
func (c *chart) checkIn(ctx context.Context, as Actor, degree int, outcome string, tasksOffered bool) (returnPlanAnswer, error) {
	return c.onReturn(ctx, as, "checkIn", object{
		{"stepId", c.step(degree).StepID}, {"outcome", outcome}, {"changedTasksOffered", tasksOffered}, {"note", "Synthetic: asked by phone."},
	})
}

// step is the plan's step of a degree.
func (c *chart) step(degree int) stepAnswer {
	for _, s := range c.steps {
		if s.Degree == degree {
			return s
		}
	}
	return stepAnswer{}
}
