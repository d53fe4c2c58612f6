// What stands around every page: the name, the way to the other pages, who is signed in, whether news come in.
import { ActionIcon, Alert, Anchor, AppShell, Burger, Group, NavLink, Text, Tooltip, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, type LinkProps, Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { BookOpen, ChartBarBig, Gauge, KeyRound, Layers, ListChecks, LogOut, type LucideIcon, Moon, ScrollText, Sun, SunMoon, Table2, Upload, Workflow } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import type { Permission } from "../api/client";
import { followEvents, useConnection } from "../api/live";
import { principalQuery } from "../api/principal";
import { currentKey, forgetKey } from "../api/session";
import { UploadsUnderWay } from "./uploads-under-way";

interface Place {
  to: LinkProps["to"] & string;
  label: string;
  icon: LucideIcon;
  needs?: Permission; // what the key may not is not shown
}

const PLACES: Place[] = [
  { to: "/", label: "Upload", icon: Upload },
  { to: "/jobs", label: "Jobs", icon: ListChecks },
  { to: "/rows", label: "Data", icon: Table2, needs: "read_data" },
  { to: "/aggregates", label: "Aggregates", icon: ChartBarBig, needs: "read_data" },
  { to: "/pipelines", label: "Pipelines", icon: Workflow },
];
// For who looks after the server.
const MORE: Place[] = [
  { to: "/dashboard", label: "Dashboard", icon: Gauge },
  { to: "/queue", label: "Queue", icon: Layers },
  { to: "/keys", label: "Keys", icon: KeyRound, needs: "administer" },
  { to: "/audit", label: "Audit log", icon: ScrollText, needs: "administer" },
];

export function Frame() {
  const { pathname } = useLocation();
  const isSigningIn = pathname === "/sign-in";
  const [open, { toggle, close }] = useDisclosure(false);
  useEffect(close, [pathname]);
  if (isSigningIn) return <Outlet />;
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 210, breakpoint: "sm", collapsed: { mobile: !open } }}
      padding={{ base: "sm", sm: "lg" }}
    >
      <a className="skip" href="#main">
        To the content
      </a>
      <AppShell.Header px="md">
        <Group h="100%" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={open ? "Close the menu" : "Open the menu"} aria-expanded={open} />
            <Link to="/" className="plain-link" aria-label="Sluice: to the start">
              <Group gap={10} wrap="nowrap">
                <Logo />
                <Text fw={700} size="lg" component="span">
                  Sluice
                </Text>
              </Group>
            </Link>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Live />
            <Scheme />
            <Leave />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        <AppShell.Section grow>
          <Places places={PLACES} />
          <div className="places-more">
            <Places places={MORE} />
          </div>
        </AppShell.Section>
        <AppShell.Section>
          <NavLink label="For programs (API)" href="/docs" leftSection={<BookOpen size={18} aria-hidden />} />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Broken />
        <Outlet />
        <UploadsUnderWay />
      </AppShell.Main>
    </AppShell>
  );
}

function Places({ places }: { places: readonly Place[] }) {
  const { pathname } = useLocation();
  const { data } = useQuery(principalQuery);
  // Until it is known what the key may, all of them: they must not jump for who may.
  const shown = places.filter(({ needs }) => needs === undefined || (data?.permissions.includes(needs) ?? true));
  return shown.map(({ to, label, icon: Icon }) => {
    const isHere = to === "/" ? pathname === "/" : pathname === to || pathname.startsWith(`${to}/`);
    return (
      <NavLink
        key={to}
        label={label}
        leftSection={<Icon size={18} aria-hidden />}
        active={isHere}
        aria-current={isHere ? "page" : undefined}
        renderRoot={(props) => <Link to={to} {...props} />}
      />
    );
  });
}

function Logo() {
  return (
    <svg width="28" height="28" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0b5cad" />
      <path d="M6 9h20v3l-7 7v8l-6-3v-5L6 12z" fill="#fff" />
    </svg>
  );
}

// Follows what happens as soon as it is known that one may.
function Live() {
  const client = useQueryClient();
  const { isSuccess } = useQuery(principalQuery);
  useEffect(() => (isSuccess ? followEvents(client) : undefined), [client, isSuccess]);
  const connection = useConnection();
  if (!isSuccess || connection !== "live") return null;
  return (
    <Tooltip label="What happens is shown as it happens">
      <Text size="sm" className="soft" visibleFrom="xs">
        <span className="dot" style={{ background: "var(--inserted)" }} />
        Live
      </Text>
    </Tooltip>
  );
}

function Broken(): ReactNode {
  if (useConnection() !== "broken") return null;
  return (
    <Alert color="orange" mb="md" className="page" role="status">
      The connection to the server is broken. What you see may be old; the page tries again by itself.
    </Alert>
  );
}

const SCHEMES = {
  auto: { next: "light", icon: SunMoon, label: "Colours: as your system has them" },
  light: { next: "dark", icon: Sun, label: "Colours: light" },
  dark: { next: "auto", icon: Moon, label: "Colours: dark" },
} as const;

function Scheme() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { next, icon: Icon, label } = SCHEMES[colorScheme];
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`${label}. Change`} onClick={() => setColorScheme(next)}>
        <Icon size={19} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

function Leave() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { data } = useQuery(principalQuery);
  if (currentKey() === null) {
    // Keys may be made at any time; who has one signs in.
    return data === undefined ? null : (
      <Anchor size="sm" visibleFrom="xs" renderRoot={(props) => <Link to="/sign-in" {...props} />}>
        Sign in
      </Anchor>
    );
  }
  const leave = () => {
    forgetKey();
    client.clear();
    void navigate({ to: "/sign-in" });
  };
  return (
    <Tooltip label={`Sign out (${data?.role ?? "key"}${data !== undefined && data.tenant !== "default" ? ` of ${data.tenant}` : ""})`}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Sign out" onClick={leave}>
        <LogOut size={19} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
