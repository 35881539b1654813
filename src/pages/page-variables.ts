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
    token: string | null;
  };
  accepted: Branded & { organization: string; continue_url?: string | null };
  declined: Branded;
  revoked: Branded;
  expired: Branded;
  superseded: Branded;
  /** The question: shown for an address, answered by a form. */
  "opt-out": { product: string; email: string; action: string; csrf: string };
  "opted-out": { product: string; email: string };
  "not-found": Branded;
  wrong: Branded & { title: string; sentence: string; request_id: string };
};

export type PageName = keyof PageVariables;
