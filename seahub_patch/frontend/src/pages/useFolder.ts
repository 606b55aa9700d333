import { useEffect, useState } from 'react';
import { ApiError, type Api } from '../api';
import { refusal } from '../refusal';
import type { Place } from '../types';
import { fetchLibraries, fetchListing, type Library, type Listing } from './libraries';
import { recall, remember, type Choice } from './memory';

export interface Folder {
  /** Null until they are there. */
  libraries: Library[] | null;
  choice: Choice | null;
  /** Null until it is there. */
  listing: Listing | null;
  /** A sentence; empty when all is well. */
  error: string;
  /** Where downloads may go now; null where they may not, undefined while nobody knows. */
  place: Place | null | undefined;
  choose(choice: Choice): void;
  retry(): void;
}

/** The library and the folder that a person chose: at first the last ones, as far as they are still there. */
export function useFolder(api: Api, username: string): Folder {
  const [attempt, setAttempt] = useState(0);
  const [libraries, setLibraries] = useState<Library[] | null>(null);
  const [choice, setChoice] = useState<Choice | null>(null);
  const [listing, setListing] = useState<Listing | null>(null);
  const [error, setError] = useState('');

  useEffect(() => {
    if (libraries) return undefined;
    return during(
      (signal) => fetchLibraries(api, signal),
      (found) => {
        setLibraries(found);
        setChoice(first(found, recall(username)));
      },
      (failure) => setError(refusal(failure)),
    );
  }, [api, username, libraries, attempt]);

  useEffect(() => {
    if (!choice) return undefined;
    return during(
      (signal) => fetchListing(api, choice.repoId, choice.path, signal),
      setListing,
      (failure) => {
        const isGone = failure instanceof ApiError && failure.status === 404 && choice.path !== '/';
        if (isGone) setChoice({ ...choice, path: '/' });
        else setError(refusal(failure));
      },
    );
  }, [api, choice, attempt]);

  const isAsked = !error && !(libraries && (!choice || listing));
  const library = libraries?.find(({ repoId }) => repoId === choice?.repoId);
  return {
    libraries,
    choice,
    listing,
    error,
    place: isAsked ? undefined : library && choice && listing?.writable ? { ...choice, repoName: library.name } : null,
    choose: (wanted) => {
      setListing(null);
      setError('');
      setChoice(wanted);
      remember(username, wanted);
    },
    retry: () => {
      setError('');
      setAttempt(attempt + 1);
    },
  };
}

function first(libraries: Library[], last: Choice | null): Choice | null {
  if (libraries.some(({ repoId }) => repoId === last?.repoId)) return last;
  const [library] = [...libraries.filter(({ kind }) => kind === 'mine'), ...libraries];
  return library ? { repoId: library.repoId, path: '/' } : null;
}

/** What comes after the returned function was called is not heard. */
function during<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  done: (value: T) => void,
  failed: (error: unknown) => void,
): () => void {
  const controller = new AbortController();
  const heard = <A>(act: (argument: A) => void) => (argument: A) => {
    if (!controller.signal.aborted) act(argument);
  };
  ask(controller.signal).then(heard(done), heard(failed));
  return () => controller.abort();
}
