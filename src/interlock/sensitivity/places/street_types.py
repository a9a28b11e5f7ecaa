"""What streets are called in English: the suffixes of USPS Publication 28, appendix C1, with their abbreviations and
variants, singular and plural, and what Britain, Ireland, Australia and India add.

Abbreviations that clinical notes use otherwise (ml, pt, ext) are left out.
"""

from __future__ import annotations

from interlock.sensitivity.names.wording import words_of

STRONG = words_of(
    "street streets strt st str sts avenue avenues ave aven avenu avn avnue av road roads rd rds lane lanes ln"
    " lns drive drives dr driv drv drs boulevard boulevards blvd boul boulv parkway parkways parkwy pkway pkwy pky"
    " pkwys highway highways highwy hiway hiwy hway hwy terrace terraces terr crescent cres crsent crsnt"
    " expressway expw expy freeway freewy frway frwy fwy turnpike trnpk turnpk tpke underpass upas overpass opas"
    " causeway causwa cswy trafficway trfy stravenue strav straven stravn strvn strvnue throughway trwy skyway"
    " skwy motorway mtwy junctions jctns jcts mews knoll knolls cul-de-sac"
)
"""They are streets whatever word stands before them, written small too."""
PLAIN = words_of(
    "alley allee ally aly alleys annex anex annx anx arcade arc bayou bayoo byu beach bch bend bnd bends bluff"
    " blf bluf bluffs blfs bottom btm bottm branch brnch bridge brdge brg bridges brook brk brooks brks burg burgs"
    " bypass byp bypa bypas byps camp canyon canyn cnyn cyn cape cpe center cen cent centr centre cnter cntr ctr"
    " centers centres ctrs circle cir circ circl crcl crcle circles cirs cliff clf cliffs clfs club clb common cmn"
    " commons cmns corner corners cors course crse court ct courts cts cove cv coves cvs creek crk creeks crest"
    " crst crossing crssng xing crossings crossroad xrd crossroads xrds curve curv dale dam divide dvd estate"
    " estates ests extension extn extnsn extensions fall falls fls ferry frry fry field fld fields flds flat flt"
    " flats flts ford frd fords frds forest frst forests forge forg frg forges frgs fork frk forks frks fort"
    " garden gardn grden grdn gdn gardens gdns grdns gateway gatewy gatway gtway gtwy glen gln glens glns green"
    " grn greens grns grove grov grv groves grvs harbor harbour harb harbr hbr hrbor harbors hbrs haven hvn"
    " heights height hts hill hl hills hls hollow hllw hollows holw holws inlet inlt island islnd islands islnds"
    " isle isles junction jct jction jctn junctn juncton key ky keys kys knl knol knls lake lk lakes lks land"
    " landing lndg lndng light lgt lights lgts lock lck locks lcks lodge ldg ldge lodg loop loops mall manor mnr"
    " manors mnrs meadow mdw meadows mdws medows mill mills mission missn mssn msn mount mountain mntain mntn"
    " mountin mtin mtn mountains mntns mtns neck nck orchard orch orchrd oval ovl park prk parks pass passage psge"
    " path paths pike pikes pine pne pines pnes place pl places plain pln plains plns plaza plz plza point points"
    " port ports prts prairie prr radial radl ramp ranch rnch ranches rapid rpd rapids rpds rest ridge rdg rdge"
    " ridges rdgs river riv rvr rivr route rte row rue run shoal shl shoals shls shore shoar shr shores shoars"
    " shrs spring spng sprng springs spgs spngs sprngs spur spurs square sq sqr sqre squ squares sqrs sqs station"
    " statn stn stream streme strm summit smt sumit sumitt trace traces trce track tracks trak trks trail trails"
    " trl trls tunnel tunel tunl tunls tunnels tunnl union unions valley vally vlly vly valleys vlys viaduct vdct"
    " viadct view vw views vws village vill villag villg vlg villages vlgs ville vl vista vist vst vsta walk walks"
    " wall way wy ways well wells wls close croft crofts drove wharf quay quayside rise chase gate gates parade"
    " esplanade link links copse dell fold heath hey lea leas leys mead nook paddock reach spinney vale wynd yard"
    " circus promenade cottages cottage villas bank brow garth strand pathway retreat green wood woods broadway"
    " concourse boardwalk byway terrasse marg nagar ganj chowk salai gali enclave layout bazaar colony"
)
"""They are streets after a house number and a name, both with capitals, where nothing of a sentence follows."""
TYPES = STRONG | PLAIN
DIRECTIONS = words_of("n s e w ne nw se sw north south east west northeast northwest southeast southwest")
