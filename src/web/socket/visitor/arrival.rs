//! What happens when a visitor says hello: who it is, which chat goes on, and what is told first.

use super::{Person, VisitorSocket, claimed};
use crate::auth::token::Token;
use crate::domain::directory::Directory;
use crate::domain::ids::ChatId;
use crate::hub::Topic;
use crate::hub::close::Close;
use crate::i18n::Locale;
use crate::store::timeline;
use crate::web::error::AppError;
use crate::web::socket::Answers;
use crate::web::socket::answer::{refuse, refuse_code};
use crate::wire::commands::{self, ClaimedPage};
use crate::wire::entries::VisitorEntry;
use crate::wire::frames::{KnownVisitor, PROTOCOL, VisitorFrame, encode};
use crate::wire::time::rfc3339;
use crate::wire::views::{VisitorChat, department_states};

/// The parts of `hello`.
pub(super) struct Hello<'a> {
    pub protocol: u32,
    pub site: &'a str,
    pub token: Option<&'a str>,
    pub locale: Option<&'a str>,
    pub timezone: Option<&'a str>,
    pub page: &'a ClaimedPage,
    pub resume: Option<&'a commands::Resume>,
}

impl VisitorSocket {
    pub(super) async fn hello(&mut self, hello: Hello<'_>, answers: &mut Answers) -> Result<(), Close> {
        if hello.protocol != PROTOCOL {
            refuse_code(answers, None, "protocol_unsupported", "", self.texts());
            return Err(Close::Policy);
        }
        if let Some(locale) = hello.locale.and_then(Locale::parse) {
            self.locale = locale;
        }
        let directory = self.state.store.directory();
        let Some(site) = directory.site_by_key(hello.site) else {
            refuse_code(answers, None, "site_unknown", "", self.texts());
            return Err(Close::Forbidden);
        };
        let known = match hello.token {
            None => None,
            Some(token) => {
                let hash = *crate::auth::token::TokenHash::of(token).bytes();
                match self.state.store.visitor_by_token(site.id, hash).await {
                    Ok(Some(visitor)) => Some((Token::from_text(token), visitor.as_told())),
                    Ok(None) => {
                        refuse_code(answers, None, "token_unknown", "", self.texts());
                        return Ok(());
                    }
                    Err(error) => {
                        refuse(answers, None, &error.into(), self.texts(), &directory);
                        return Err(Close::Internal);
                    }
                }
            }
        };
        let (token, visitor) = known.map_or_else(|| (Token::new(), None), |(token, visitor)| (token, Some(visitor)));
        let site_id = site.id;
        let before = self.visitor();
        if let Some(subscription) = &mut self.subscription {
            subscription.leave_all_but(Topic::Everyone);
        }
        self.person = Some(Person {
            site: site_id,
            token,
            visitor,
            locale: self.locale.tag().to_owned(),
            timezone: hello.timezone.map(|zone| zone.chars().take(64).collect()),
            page: claimed(hello.page),
        });
        self.listen(Topic::Site(site_id));
        if let Some(visitor) = self.visitor() {
            self.listen(Topic::Visitor(visitor));
            self.settle_presence(visitor).await;
            if let Err(error) = self.tell_page().await {
                tracing::warn!(%error, "a visitor's page could not be told");
            }
        }
        // Who said hello here before may have no other tab.
        if let Some(before) = before.filter(|before| Some(*before) != self.visitor()) {
            self.settle_presence(before).await;
        }
        match self.welcome(hello.resume, &directory).await {
            Ok(frame) => answers.frames.push(frame),
            Err(error) => {
                refuse(answers, None, &error, self.texts(), &directory);
                return Err(Close::Internal);
            }
        }
        Ok(())
    }

    async fn welcome(&self, resume: Option<&commands::Resume>, directory: &Directory) -> Result<bytestring::ByteString, AppError> {
        let Some(person) = &self.person else { return Err(AppError::Unauthorised) };
        let now = self.state.store.clock().now();
        let loads = self.state.store.loads();
        let named = resume.and_then(|resume| resume.chat_id.parse::<ChatId>().ok());
        let chat = match &person.visitor {
            Some(visitor) => self.state.store.chat_to_resume(visitor.id, named).await?,
            None => None,
        };
        let after = resume.filter(|_| chat.as_ref().map(|chat| chat.id) == named).map_or(0, |resume| resume.seq.max(0));
        let page = match &chat {
            Some(chat) => self.state.store.entries_after(chat.id, after).await?,
            None => timeline::Page::default(),
        };
        let queue = match &chat {
            Some(chat) => self.queue(chat).await?,
            None => None,
        };
        Ok(encode(&VisitorFrame::Welcome {
            protocol: PROTOCOL,
            server_time: rfc3339(now.wall),
            token: person.token.text(),
            visitor: person.visitor.as_ref().map_or_else(KnownVisitor::default, |visitor| KnownVisitor {
                id: Some(visitor.id.to_string()),
                name: visitor.name.clone(),
                email: visitor.email.clone(),
                phone: visitor.phone_raw.clone(),
            }),
            departments: department_states(directory, &loads, now),
            entries: page.entries.iter().filter_map(|entry| VisitorEntry::of(entry, directory)).collect(),
            more_before: page.more_before,
            queue,
            marks: chat.as_ref().map(|chat| chat.marks.into()),
            chat: chat.map(|chat| VisitorChat::of(&chat, directory, now)),
        }))
    }
}
