"""Where links may lead: the policy that decides it, and the guard that every connection goes through."""
