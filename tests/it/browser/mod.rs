//! The journeys of the product in a real Chromium on the demo's shop page: what the three audiences see and press.

mod desk;
mod host_page;
mod journey;
mod narrow;
mod offline;
mod shift;
pub mod stranger;
mod webhooks;
pub mod window;

use crate::support::browser::Look;

const PHONE: Look = Look { name: "phone-light-pt", width: 390, height: 844, phone: true, dark: false, locale: "pt-BR" };
const DESKTOP_DARK: Look = Look { name: "desktop-dark-en", width: 1280, height: 800, phone: false, dark: true, locale: "en" };
pub const DESKTOP: Look = Look { name: "desktop-light-pt", width: 1280, height: 800, phone: false, dark: false, locale: "pt-BR" };
const PHONE_DARK: Look = Look { name: "phone-dark-en", width: 360, height: 740, phone: true, dark: true, locale: "en" };
/// The narrowest window that WCAG 1.4.10 asks for.
const NARROW: Look = Look { name: "narrow-light-pt", width: 320, height: 640, phone: true, dark: false, locale: "pt-BR" };
