"use client";
import { useState, type FormEvent, type InputHTMLAttributes } from "react";
import { ApiError, messageOf } from "@/api/problem";
import { Button } from "@/ui/Button";
import { Logo } from "@/ui/Logo";
import { login, signUp } from "./store";

type Mode = "login" | "register";

const TEXT = {
  login: { title: "Sign in", action: "Sign in", other: "New here?", change: "Create an account" },
  register: { title: "Create your account", action: "Create account", other: "Have an account?", change: "Sign in" },
};

export function SignIn() {
  const [mode, setMode] = useState<Mode>("login");
  const text = TEXT[mode];
  return (
    <main className="grid min-h-full place-items-center p-5">
      <div className="slide-in w-full max-w-[348px]">
        <div className="mb-7 flex items-center gap-3">
          <Logo size={34} />
          <div>
            <p className="text-base leading-tight font-semibold tracking-tight">Engunity</p>
            <p className="text-xs text-muted">Code Lab</p>
          </div>
        </div>
        <h1 className="mb-5 text-[22px] leading-tight font-semibold tracking-tight">{text.title}</h1>
        <AccountForm key={mode} mode={mode} />
        <p className="mt-5 text-sm text-muted">
          {text.other}{" "}
          <button
            type="button"
            className="font-medium text-link underline underline-offset-3"
            onClick={() => setMode(mode === "login" ? "register" : "login")}
          >
            {text.change}
          </button>
        </p>
      </div>
    </main>
  );
}

function AccountForm({ mode }: { mode: Mode }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (name: string) => String(form.get(name) ?? "").trim();
    const password = String(form.get("password") ?? "");
    setBusy(true);
    setError(null);
    try {
      if (mode === "login") await login(field("email"), password);
      else await signUp(field("email"), password, field("name"));
    } catch (problem) {
      setError(problem);
      setBusy(false);
    }
  };

  const fields = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  const hint = (name: string) => fields.find((item) => item.field === name)?.message;
  return (
    <form onSubmit={submit} className="space-y-4">
      {mode === "register" && <Field label="Name" name="name" autoComplete="name" hint={hint("name")} />}
      <Field label="Email" name="email" type="email" autoComplete="email" required autoFocus hint={hint("email")} />
      <Field
        label="Password"
        name="password"
        type="password"
        required
        minLength={mode === "register" ? 8 : undefined}
        autoComplete={mode === "login" ? "current-password" : "new-password"}
        hint={hint("password")}
        note={mode === "register" ? "At least 8 characters" : undefined}
      />
      {error !== null && fields.length === 0 && (
        <p role="alert" className="rounded-[7px] bg-bad-soft px-3 py-2 text-sm text-bad">
          {messageOf(error)}
        </p>
      )}
      <Button type="submit" tone="primary" disabled={busy} className="h-9 w-full">
        {busy ? "One moment…" : TEXT[mode].action}
      </Button>
    </form>
  );
}

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  name: string;
  hint?: string;
  note?: string;
}

function Field({ label, name, hint, note, ...rest }: FieldProps) {
  const described = hint ?? note;
  return (
    <div>
      <label htmlFor={name} className="mb-1.5 block text-xs font-medium text-muted">
        {label}
      </label>
      <input
        id={name}
        name={name}
        className="field h-9"
        aria-invalid={hint ? true : undefined}
        aria-describedby={described ? `${name}-note` : undefined}
        {...rest}
      />
      {described && (
        <p id={`${name}-note`} className={`mt-1.5 text-xs ${hint ? "text-bad" : "text-faint"}`}>
          {described}
        </p>
      )}
    </div>
  );
}
