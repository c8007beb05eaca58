//! Hostile people: every route and every frame by every role, what strangers try, and text that wants to be a program.

mod audited;
mod cast;
mod forgery;
mod frames;
mod guesses;
mod inputs;
mod methods;
mod screens;
mod table;
mod visitors;
mod walk;
