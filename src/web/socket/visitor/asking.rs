//! What a visitor asks for with a form: a chat, or a message for later.

use super::VisitorSocket;
use crate::domain::ids::{ChatId, DepartmentId, VisitorId};
use crate::domain::intake::{self, Form};
use crate::hub::Topic;
use crate::store::commands::{Done, NewRequest, OfflineNew};
use crate::store::error::StoreError;
use crate::web::error::AppError;
use crate::web::socket::Answers;
use crate::web::socket::answer::{ack, chat_id, receipt};
use crate::wire::commands::{ClaimedConsent, VisitorCommand};
use crate::wire::entries::VisitorEntry;
use crate::wire::frames::{VisitorFrame, encode};
use crate::wire::views::VisitorChat;

impl VisitorSocket {
    pub(super) async fn request(&mut self, command: VisitorCommand, answers: &mut Answers) -> Result<(), AppError> {
        let VisitorCommand::Request { client_id, department_id, name, email, phone, fields, message, consent, previous_chat_id } = command
        else {
            return Err(AppError::Malformed);
        };
        let form = Form {
            name: name.as_deref(),
            email: email.as_deref(),
            phone: phone.as_deref(),
            message: message.as_deref(),
            department: department(department_id.as_deref())?,
            ..consented(consent.as_ref())
        };
        let mut new = match self.new_request(&form, false) {
            Ok(new) => new,
            Err(refused) => return self.answer_with_open_chat(&client_id, refused, answers).await,
        };
        let fields = serde_json::to_string(&fields).unwrap_or_else(|_| "{}".to_owned());
        if fields.len() > 4_096 {
            return Err(AppError::Invalid { field: "fields".to_owned(), code: "field_invalid" });
        }
        new.fields = fields;
        new.previous_chat = previous_chat_id.as_deref().map(chat_id).transpose()?;
        new.receipt = Some(receipt(&client_id, &(&new.intake, &new.fields, new.previous_chat)));
        self.state.limits.request(new.site, self.address)?;
        let asked = self.state.store.request_chat(new).await?;
        self.known_as(asked.visitor).await?;
        let done = Done { seq: Some(asked.seq), at: self.state.store.clock().now().wall, repeated: asked.repeated };
        ack(answers, &client_id, Some(asked.chat), &done);
        self.publish_chat(asked.chat).await
    }

    /// Whoever has a chat open is not asked for what a new one needs.
    async fn answer_with_open_chat(&self, client_id: &str, refused: AppError, answers: &mut Answers) -> Result<(), AppError> {
        let Some(visitor) = self.visitor() else { return Err(refused) };
        let Some(chat) = self.state.store.open_chat_of(visitor).await? else { return Err(refused) };
        let done = Done { seq: Some(chat.last_seq), at: self.state.store.clock().now().wall, repeated: true };
        ack(answers, client_id, Some(chat.id), &done);
        self.publish_chat(chat.id).await
    }

    pub(super) async fn offline_message(&mut self, command: VisitorCommand, answers: &mut Answers) -> Result<(), AppError> {
        let VisitorCommand::OfflineMessage { client_id, department_id, name, email, phone, body, consent, chat_id: chat } = command else {
            return Err(AppError::Malformed);
        };
        let chat = chat.as_deref().map(chat_id).transpose()?;
        let consent = match (consent, chat) {
            (None, Some(chat)) => self.agreed_in(chat).await?,
            (given, _) => given,
        };
        let form = Form {
            name: name.as_deref(),
            email: email.as_deref(),
            phone: phone.as_deref(),
            message: Some(&body),
            department: department(department_id.as_deref())?,
            ..consented(consent.as_ref())
        };
        let mut request = self.new_request(&form, true)?;
        request.receipt = Some(receipt(&client_id, &(&request.intake, chat)));
        self.state.limits.request(request.site, self.address)?;
        let left = self.state.store.leave_offline_message(OfflineNew { request, chat }).await?;
        self.known_as(left.visitor).await?;
        let done = Done { seq: None, at: self.state.store.clock().now().wall, repeated: left.repeated };
        ack(answers, &client_id, chat, &done);
        Ok(())
    }

    /// What was agreed to with this chat, if it is the visitor's own: that holds for the message that carries it on, and is not asked for twice.
    async fn agreed_in(&self, chat: ChatId) -> Result<Option<ClaimedConsent>, AppError> {
        let chat = match self.state.store.chat(chat).await {
            Ok(chat) if Some(chat.request.visitor) == self.visitor() => chat,
            Ok(_) | Err(StoreError::NotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let marketing = chat.request.marketing;
        Ok(chat.request.consent.map(|given| ClaimedConsent { version: given.version, marketing }))
    }

    fn new_request(&self, form: &Form<'_>, offline: bool) -> Result<NewRequest, AppError> {
        let person = self.person.as_ref().ok_or(AppError::Unauthorised)?;
        let directory = self.state.store.directory();
        let site = directory.sites.get(&person.site).filter(|site| site.archived_at.is_none()).ok_or(AppError::SiteUnknown)?;
        let parse = if offline { intake::parse_offline } else { intake::parse };
        Ok(NewRequest {
            site: site.id,
            token_hash: *person.token.hash().bytes(),
            intake: parse(form, site, person.visitor.as_ref())?,
            fields: "{}".to_owned(),
            origin: "widget".to_owned(),
            locale: person.locale.clone(),
            timezone: person.timezone.clone(),
            page: person.page.clone(),
            device: self.device.clone(),
            user_agent: self.user_agent.clone(),
            address: self.address.map(|address| address.to_string()),
            previous_chat: None,
            receipt: None,
        })
    }

    /// From now on this socket is the visitor's.
    async fn known_as(&mut self, visitor: VisitorId) -> Result<(), AppError> {
        self.listen(Topic::Visitor(visitor));
        let known = self.state.store.visitor(visitor).await?;
        if let Some(person) = &mut self.person {
            person.visitor = Some(known.as_told());
        }
        self.settle_presence(visitor).await;
        Ok(())
    }

    /// Shows a chat whole in all tabs of its visitor.
    async fn publish_chat(&self, id: ChatId) -> Result<(), AppError> {
        let shown = self.state.store.shown(id).await?;
        let (directory, now) = (self.state.store.directory(), self.state.store.clock().now());
        let frame = VisitorFrame::Chat {
            entries: shown.page.entries.iter().filter_map(|entry| VisitorEntry::of(entry, &directory)).collect(),
            more_before: shown.page.more_before,
            queue: shown.place.map(|place| place.view(now)),
            marks: shown.chat.marks.into(),
            chat: VisitorChat::of(&shown.chat, &directory, now),
        };
        self.state.hub.publish(&[Topic::Visitor(shown.chat.request.visitor)], &encode(&frame));
        Ok(())
    }
}

fn department(id: Option<&str>) -> Result<Option<DepartmentId>, AppError> {
    id.map(|id| id.parse().map_err(|_unread| AppError::Invalid { field: "department".to_owned(), code: "department_unavailable" }))
        .transpose()
}

fn consented(consent: Option<&ClaimedConsent>) -> Form<'static> {
    Form {
        consent_version: consent.map(|consent| consent.version),
        marketing: consent.is_some_and(|consent| consent.marketing),
        ..Form::default()
    }
}
