// Signing in with an API key. It is checked by asking the server who it is.
import { Button, Checkbox, Center, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { Problem } from "../api/problem";
import { principalQuery } from "../api/principal";
import { forgetKey, keepKey } from "../api/session";

export function SignInPage() {
  const { next } = useSearch({ from: "/sign-in" });
  const navigate = useNavigate();
  const client = useQueryClient();
  const [key, setKey] = useState("");
  const [stay, setStay] = useState(false);
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = "Sign in · Sluice";
  }, []);

  async function signIn(event: FormEvent) {
    event.preventDefault();
    const text = key.trim();
    if (text === "") return setWrong("Paste your key here first.");
    setBusy(true);
    setWrong(null);
    keepKey(text, stay ? "browser" : "tab");
    client.clear();
    try {
      await client.fetchQuery({ ...principalQuery, retry: false });
      await navigate({ href: next ?? "/", replace: true });
    } catch (problem) {
      forgetKey();
      setWrong(
        problem instanceof Problem && problem.status === 401
          ? "The server does not know this key, or it has expired or was revoked. Check that all of it was copied."
          : (problem as Error).message,
      );
    } finally {
      setBusy(false);
    }
  }

  return (
    <Center mih="100dvh" p="md">
      <main className="card" style={{ width: "min(27rem, 100%)" }}>
        <form onSubmit={signIn} noValidate>
          <Stack>
            <div>
              <Title order={1} size="h2">
                Sign in to Sluice
              </Title>
              <Text className="soft" mt={4}>
                This server wants to know who you are. Whoever runs it gives you an API key.
              </Text>
            </div>
            <PasswordInput
              label="API key"
              description="It begins with slc_"
              value={key}
              onChange={(event) => setKey(event.currentTarget.value)}
              error={wrong}
              autoComplete="current-password"
              autoFocus
              spellCheck={false}
              visibilityToggleButtonProps={{ "aria-label": "Show the key", tabIndex: 0 }}
            />
            <Checkbox
              label="Stay signed in on this computer"
              description="Else the key is forgotten when this tab is closed."
              checked={stay}
              onChange={(event) => setStay(event.currentTarget.checked)}
            />
            <Button type="submit" loading={busy}>
              Sign in
            </Button>
          </Stack>
        </form>
      </main>
    </Center>
  );
}
