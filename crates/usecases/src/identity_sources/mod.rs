//! Where references come from: the tenant's enrolled people, or a photo sent with the question.
//!
//! Every way of not having a reference is named; none of them is a pass.

use zhenren_domain::decide::Reference;
use zhenren_store::verifications::{Record, ReferenceSource};
use zhenren_store::{Transaction, people};

use crate::analysis::Template;
use crate::context::Context;
use crate::evidence::templates;
use crate::fault::Fault;

/// What a source answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// What there is to compare with.
    pub(crate) reference: Reference,
    /// The template, when there is one.
    pub(crate) template: Option<Template>,
}

impl Answer {
    const fn without(reference: Reference) -> Self {
        Self {
            reference,
            template: None,
        }
    }

    /// A template of another features model than the one in use compares with nothing.
    fn with(context: &Context, template: Template) -> Result<Self, Fault> {
        let analyzer = context.analyzer()?;
        if template.model != analyzer.features_model() {
            tracing::warn!(
                kept = template.model,
                in_use = analyzer.features_model(),
                "a kept template is another model's: enrol the person again"
            );
            return Ok(Self::without(Reference::OtherModel));
        }
        Ok(Self {
            reference: Reference::Features,
            template: Some(template),
        })
    }
}

/// Asks the source of a verification.
pub(crate) async fn ask(
    context: &Context,
    tx: &mut Transaction,
    record: &Record,
) -> Result<Answer, Fault> {
    match &record.reference {
        ReferenceSource::Enrolled => enrolled(context, tx, record).await,
        ReferenceSource::CallerPhoto(id) => {
            let template = templates::open(context, tx, id).await?;
            template.map_or(Ok(Answer::without(Reference::Missing)), |template| {
                Answer::with(context, template)
            })
        }
    }
}

async fn enrolled(
    context: &Context,
    tx: &mut Transaction,
    record: &Record,
) -> Result<Answer, Fault> {
    if !context.settings().sources.enrolled {
        return Ok(Answer::without(Reference::Missing));
    }
    let (Some(name), Some(number)) = (&record.subject.name, &record.subject.number) else {
        return Ok(Answer::without(Reference::Unknown));
    };
    let account_id = &record.account_id;
    let found = people::find_by_number(tx, context.vault(), account_id, number.reveal()).await?;
    let Some(person) = found else {
        return Ok(Answer::without(Reference::Unknown));
    };
    if person.name.reveal() != name.reveal() {
        return Ok(Answer::without(Reference::NameMismatch));
    }
    let Some(kept) = person.template else {
        return Ok(Answer::without(Reference::Missing));
    };
    let template = Template::from_bytes(kept.features.reveal())
        .ok_or_else(|| Fault::new("opening a template", "it does not parse"))?;
    Answer::with(context, template)
}
