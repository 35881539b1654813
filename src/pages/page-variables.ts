/** Every page may carry the name of the product the invitation is for. */
type Branded = { product?: string | null };

export type PageVariables = {
  invitation: Branded & {
    organization: string;
    inviter: string | null;
    roles: string[];
    /** Shown masked, like every address on a page: the link may be opened by somebody else. */
    email: string;
    message: string | null;
    expires_at: Date;
    accept_action: string;
    decline_action: string;
    csrf: string;
    /** For a browser that keeps no cookie. */
    token?: string | null;
  };
  accepted: Branded & { organization: string; continue_url?: string | null };
  /** The invitation is over, and the person joined in another way. */
  member: Branded & { organization: string; continue_url?: string | null };
  /** Accepted, and no member any more. */
  ended: Branded & { organization: string };
  declined: Branded;
  revoked: Branded;
  expired: Branded;
  superseded: Branded;
  /** A link of ours whose invitation is deleted. */
  gone: Branded;
  /** The question: shown for an address, answered by a form. */
  "opt-out": { product: string; email: string; action: string; csrf: string };
  "opted-out": { product: string; email: string };
  /** A link that is none of ours. */
  "not-found": Branded;
  /** An address that is no link at all. */
  "no-page": Branded;
  wrong: Branded & { sentence: string; request_id: string };
};

export type PageName = keyof PageVariables;
