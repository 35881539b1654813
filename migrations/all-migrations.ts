import type { Knex } from "knex";
import * as environmentsAndUsers from "./0001-environments-and-users.ts";
import * as organizationsAndRoles from "./0002-organizations-and-roles.ts";
import * as invitationsAndMail from "./0003-invitations-and-mail.ts";
import * as subscriptionsDeletionsEvents from "./0004-subscriptions-deletions-events.ts";
import * as sharedResources from "./0005-shared-resources.ts";
import * as identities from "./0006-identities.ts";
import * as detachment from "./0007-detachment.ts";
import * as invitationPipeline from "./0008-invitation-pipeline.ts";
import * as idempotencyKeys from "./0009-idempotency-keys.ts";
import * as finishedBatches from "./0010-finished-batches.ts";
import * as remindersByDay from "./0011-reminders-by-day.ts";
import * as boundedMetadata from "./0012-bounded-metadata.ts";
import * as lists from "./0013-lists.ts";
import * as rightsLock from "./0014-rights-lock.ts";
import * as sendingLimits from "./0015-sending-limits.ts";
import * as liftedOptOuts from "./0016-lifted-opt-outs.ts";
import * as batchesBySender from "./0017-batches-by-sender.ts";
import * as failuresTold from "./0019-failures-told.ts";
import * as namesAndLines from "./0020-names-and-lines.ts";
import * as ownersHaveEveryRight from "./0022-owners-have-every-right.ts";
import * as findingPeople from "./0023-finding-people.ts";
import * as listsByTime from "./0025-lists-by-time.ts";
import * as rightsInOneLook from "./0026-rights-in-one-look.ts";
import * as listsOfTheBridge from "./0028-lists-of-the-bridge.ts";

/** Every migration in order, by a name without file extension: the same from source and from the build. */
export const allMigrations: Array<{ name: string; migration: Knex.Migration }> = [
  { name: "0001-environments-and-users", migration: environmentsAndUsers },
  { name: "0002-organizations-and-roles", migration: organizationsAndRoles },
  { name: "0003-invitations-and-mail", migration: invitationsAndMail },
  { name: "0004-subscriptions-deletions-events", migration: subscriptionsDeletionsEvents },
  { name: "0005-shared-resources", migration: sharedResources },
  { name: "0006-identities", migration: identities },
  { name: "0007-detachment", migration: detachment },
  { name: "0008-invitation-pipeline", migration: invitationPipeline },
  { name: "0009-idempotency-keys", migration: idempotencyKeys },
  { name: "0010-finished-batches", migration: finishedBatches },
  { name: "0011-reminders-by-day", migration: remindersByDay },
  { name: "0012-bounded-metadata", migration: boundedMetadata },
  { name: "0013-lists", migration: lists },
  { name: "0014-rights-lock", migration: rightsLock },
  { name: "0015-sending-limits", migration: sendingLimits },
  { name: "0016-lifted-opt-outs", migration: liftedOptOuts },
  { name: "0017-batches-by-sender", migration: batchesBySender },
  { name: "0019-failures-told", migration: failuresTold },
  { name: "0020-names-and-lines", migration: namesAndLines },
  { name: "0022-owners-have-every-right", migration: ownersHaveEveryRight },
  { name: "0023-finding-people", migration: findingPeople },
  { name: "0025-lists-by-time", migration: listsByTime },
  { name: "0026-rights-in-one-look", migration: rightsInOneLook },
  { name: "0028-lists-of-the-bridge", migration: listsOfTheBridge },
];
