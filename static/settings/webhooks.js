// @ts-check
// The webhook pages: they move while deliveries do, tests answer beside their button, and headers come row by row.

import { followsDeliveries } from "settings/live";
import { headerRows } from "settings/headers";
import { testsInPlace } from "settings/trial";

headerRows(document);
testsInPlace(document);
followsDeliveries(document);
