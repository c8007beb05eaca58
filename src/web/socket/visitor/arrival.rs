//! What happens when a visitor says hello: who it is, which chat goes on, and what is told first.

use super::{Person, VisitorSocket, claimed};
use crate::auth::token::Token;
use crate::domain::directory::Directory;
use crate::domain::ids::ChatId;
use crate::hub::Topic;
use crate::hub::close::Close;
use crate::i18n::Locale;
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
            self.keeps_page();
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
        let (store, resume) = (&self.state.store, resume.and_then(|resume| Some((resume.chat_id.parse::<ChatId>().ok()?, resume.seq))));
        let resumed = match &person.visitor {
            Some(visitor) => store.chat_to_resume(visitor.id, resume).await?,
            None => None,
        };
        if let Some(shown) = &resumed
            && let Err(error) = self.tell_card(&shown.chat).await
        {
            tracing::warn!(%error, "a visitor's page could not be told");
        }
        let now = store.clock().now();
        let page = resumed.as_ref().map(|shown| &shown.page);
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
            departments: department_states(directory, &store.loads(), now),
            entries: page.into_iter().flat_map(|page| &page.entries).filter_map(|entry| VisitorEntry::of(entry, directory)).collect(),
            more_before: page.and_then(|page| page.more_before),
            queue: resumed.as_ref().and_then(|shown| shown.place).map(|place| place.view(now)),
            marks: resumed.as_ref().map(|shown| shown.chat.marks.into()),
            chat: resumed.map(|shown| VisitorChat::of(&shown.chat, directory, now)),
        }))
    }
}
