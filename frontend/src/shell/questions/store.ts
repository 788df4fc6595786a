/** Questions that an action asks before it continues. One is on the screen at a time; the others wait. */
import { create } from "zustand";

export interface Choice {
  id: string;
  label: string;
  tone?: "primary" | "plain" | "danger";
}

export interface Question {
  title: string;
  text: string;
  /** What the question is about, one a line. */
  items?: readonly string[];
  /** The last one is the default and should lose nothing. */
  choices: readonly Choice[];
  /** The label of a box that answers the following questions too. */
  forAll?: string;
}

export interface Answer {
  /** Null when the question was dismissed. */
  choice: string | null;
  forAll: boolean;
}

interface Asked extends Question {
  id: number;
  answer(answer: Answer): void;
}

interface QuestionState {
  asked: readonly Asked[];
}

export const useQuestions = create<QuestionState>(() => ({ asked: [] }));

let nextId = 1;

export function ask(question: Question): Promise<Answer> {
  return new Promise((resolve) => {
    const id = nextId++;
    const answer = (given: Answer) => {
      useQuestions.setState(({ asked }) => ({ asked: asked.filter((other) => other.id !== id) }));
      resolve(given);
    };
    useQuestions.setState(({ asked }) => ({ asked: [...asked, { ...question, id, answer }] }));
  });
}
